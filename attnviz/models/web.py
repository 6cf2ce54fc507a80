"""Opening http and https addresses, and no others, and reading what they answer, with bounds."""

from __future__ import annotations

import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

from attnviz.hosting import LOOPBACK

_CHUNK = 1024**2


class _ProxyElsewhere(urllib.request.ProxyHandler):
    """The proxy that is set, but for this computer: it would get what is meant for nobody else."""

    def proxy_open(self, req: Any, proxy: Any, type: Any) -> Any:  # noqa: A002 - named by its base
        if urllib.parse.urlsplit(req.full_url).hostname in LOOPBACK:
            return None
        return super().proxy_open(req, proxy, type)


def web_opener(*more: Callable[[], urllib.request.BaseHandler]) -> urllib.request.OpenerDirector:
    """Return what opens http and https addresses, and follows no redirection.

    Parameters
    ----------
    *more
        Make handlers of what else it is to do.

    Returns
    -------
    urllib.request.OpenerDirector
    """
    opener = urllib.request.OpenerDirector()
    handlers: tuple[Callable[[], urllib.request.BaseHandler], ...] = (
        _ProxyElsewhere,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPErrorProcessor,
        *more,
    )
    for handler in handlers:
        opener.add_handler(handler())
    return opener


def is_web_address(text: str) -> bool:
    """Return whether a text is an http or https address of some host."""
    try:
        parts = urllib.parse.urlsplit(text)
        return parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def shown_address(address: str) -> str:
    """Return an address without user, password and query, which may hold secrets."""
    try:
        parts = urllib.parse.urlsplit(address)
    except ValueError:
        return "the address"
    place = parts.netloc.rpartition("@")[2]
    return urllib.parse.urlunsplit((parts.scheme, place, parts.path, "", ""))


def bounded_answer(response: Any, most: int, end: float) -> bytes:
    """Read an answer whole.

    Parameters
    ----------
    response
        Open for reading.
    most
        Bytes.
    end
        Until when, by `time.monotonic`.

    Raises
    ------
    OSError
        It is longer, or takes longer.
    """
    answer = bytearray()
    while chunk := response.read1(_CHUNK):
        answer += chunk
        if len(answer) > most:
            raise OSError(f"it answers with more than {most // 1024**2} MB")
        if time.monotonic() > end:
            raise TimeoutError
    return bytes(answer)


def why_no_answer(error: Exception, seconds: float) -> str:
    """Say why an address gave no answer within so many seconds, as a part of a sentence."""
    if isinstance(error, urllib.error.HTTPError):
        with error:
            if error.code in range(300, 400):
                return f"it redirects to another address ({error.code}), which is not followed"
            return f"it answered {error.code} {error.reason}"
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return f"no whole answer within {seconds:g} seconds"
    return str(getattr(cause, "strerror", None) or cause or type(cause).__name__)
