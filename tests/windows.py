"""Windows of the browser of the tests, each with nothing of those before it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page

_KEPT = "cookies,local_storage,indexeddb,cache_storage,service_workers"


class Windows:
    """Windows of one browser, of which no two that are open share anything.

    A context keeps the scripts that it has compiled for as long as a page of it is open, and
    compiling them is a third of what opening the app takes. So contexts are used one after the
    other, each held open by an empty page; what a site has stored is cleared in between.
    """

    def __init__(self, browser: Browser) -> None:
        self._new_context = browser.new_context
        self._free: dict[str, list[BrowserContext]] = defaultdict(list)

    def open(self, **options: Any) -> Page:
        """A window as `Browser.new_page` opens one; its `close` makes room for the next."""
        size, theme = options.pop("viewport", None), options.pop("color_scheme", None)
        alike = self._free[repr(sorted(options.items()))]
        context = alike.pop() if alike else self._held_open(options)
        page = context.new_page()
        if size:
            page.set_viewport_size(size)
        if theme:
            page.emulate_media(color_scheme=theme)
        close = page.close

        def close_and_clear() -> None:
            address = urlsplit(page.url)
            close()
            _clear(context, f"{address.scheme}://{address.netloc}")
            alike.append(context)

        page.close = close_and_clear  # type: ignore[method-assign, assignment]
        return page

    def _held_open(self, options: dict[str, Any]) -> BrowserContext:
        context = self._new_context(**options)
        context.new_page()
        return context


def _clear(context: BrowserContext, origin: str) -> None:
    """Forget what a site has stored, but not the scripts that it has sent."""
    holder, *others = context.pages
    for other in others:  # which the closed one has opened
        other.close()
    session = context.new_cdp_session(holder)
    session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": _KEPT})
    session.detach()
    context.clear_cookies()
