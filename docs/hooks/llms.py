"""`llms.txt`: the site's pages with a sentence about each, for programs that read documentation."""

from __future__ import annotations

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.nav import Navigation, Section
from mkdocs.structure.pages import Page

_LINK = re.compile(r"!?\[([^]]*)\]\([^)]*\)")
_lists: list[Navigation] = []


def on_nav(nav: Navigation, **_: object) -> None:
    """Keep the order of the pages until their text is known."""
    _lists[:] = [nav]


def on_post_build(config: MkDocsConfig) -> None:
    """Write the list of pages."""
    (nav,) = _lists
    lines = [f"# {config.site_name}", "", f"> {config.site_description}"]
    for item in nav.items:
        if isinstance(item, Section):
            lines += ["", f"## {item.title}", "", *(_line(page) for page in _pages(item))]
        elif isinstance(item, Page):
            lines += ["", _line(item)]
    Path(config.site_dir, "llms.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _pages(section: Section) -> list[Page]:
    pages: list[Page] = []
    for child in section.children:
        if isinstance(child, Section):
            pages += _pages(child)
        elif isinstance(child, Page):
            pages.append(child)
    return pages


def _line(page: Page) -> str:
    return f"- [{page.title}]({page.file.url}): {first_sentence(page.markdown or '')}"


def first_sentence(markdown: str) -> str:
    """The first sentence of a page's text, without its links."""
    for part in markdown.split("\n\n"):
        text = " ".join(part.split())
        if text and not text.startswith(("#", "!", "<", "|", "`", ":::", "-")):
            return re.split(r"(?<=[.?!])\s", _LINK.sub(r"\1", text))[0]
    return ""
