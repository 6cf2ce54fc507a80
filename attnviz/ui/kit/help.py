"""Help: what a page shows and how to read it, by the documentation that comes along."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import streamlit as st

from attnviz.assets import project_folder
from attnviz.ui.kit.tab_title import page_title

_READING = ("tutorials/*.md", "glossary.md")
_PICTURE = re.compile(r"^!\[[^]]*\]\([^)]*\).*\n?", re.MULTILINE)
_LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")
_READ_ON = re.compile(r"^Read on: .*\Z", re.MULTILINE | re.DOTALL)


def show_help() -> None:
    """Offer the help of the page, if it has any; it opens also while the page still computes."""
    text = page_help(page_title())
    if not text:
        return
    with st.container(key="help"), st.popover("Help", icon=":material/help:", type="tertiary"):
        st.markdown(text)
        _show_reading()


@st.fragment
def _show_reading() -> None:
    texts = reading()
    chosen = st.selectbox(
        "Read on", list(texts), index=None, placeholder="Tutorials and glossary", key="help reading"
    )
    if chosen:
        st.markdown(texts[chosen])


@cache
def page_help(title: str) -> str:
    """The help of a page of the app, as Markdown; empty if it has none."""
    path = _folder() / "help" / f"{title.lower().replace(' ', '-')}.md"
    return _READ_ON.sub("", _text(path)[1]).strip() if path.is_file() else ""


@cache
def reading() -> dict[str, str]:
    """Tutorials and glossary as Markdown, by title."""
    paths = (path for pattern in _READING for path in sorted(_folder().glob(pattern)))
    return dict(map(_text, paths))


def _text(path: Path) -> tuple[str, str]:
    """Title and text of a page of the documentation, without pictures and links to other pages."""
    heading, _, text = path.read_text(encoding="utf-8").partition("\n")
    return heading.removeprefix("# "), _LINK.sub(r"\1", _PICTURE.sub("", text)).strip()


def _folder() -> Path:
    return project_folder() / "docs"
