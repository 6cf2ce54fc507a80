"""Errors as one clear message instead of a broken page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from attnviz.errors import AttnvizError
from attnviz.untrusted.values import sendable


def show_error(error: AttnvizError) -> None:
    """Show an error's text; Markdown in it, as file names may contain, is escaped."""
    st.error(plain_text(str(error)), icon=":material/error:")


@contextmanager
def guarded() -> Iterator[None]:
    """Show an `AttnvizError` in the block as one message, and end the run of the page."""
    try:
        yield
    except AttnvizError as error:
        show_error(error)
        st.stop()


def plain_text(text: str) -> str:
    """Escape every character that Markdown or HTML would interpret.

    Names of files need not be valid text; what no message can carry becomes "?".
    """
    signs = (f"\\{sign}" if sign in _SIGNS else sign for sign in sendable(text))
    return "".join(signs).replace("<", "&lt;")


_SIGNS = frozenset("\\`*_{}[]()#+-!|~$:>")
