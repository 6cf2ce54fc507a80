"""What a network can name at all, said before it names anything."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from attnviz.ui.kit.guard import plain_text
from attnviz.words import listed

FEW = 50
"""Networks that know no more classes than this say so."""
_NAMED = 12


def known_things(labels: Sequence[str]) -> str:
    """Say what a network of few classes knows.

    Parameters
    ----------
    labels : sequence of str
        Name of each class.

    Returns
    -------
    str
        One sentence; empty for networks of many classes, of a single one, or without names.

    Examples
    --------
    >>> known_things(["tench", "church", "gas pump"])
    'Knows 3 things: tench, church and gas pump.'
    """
    if not 2 <= len(labels) <= FEW:
        return ""
    more = len(labels) - _NAMED
    named = [*labels[:_NAMED], f"{more} more"] if more > 0 else labels
    return f"Knows {len(labels)} things: {listed(named)}."


def show_known(labels: Sequence[str]) -> bool:
    """Show what a network of few classes knows; False if there is nothing to say.

    Parameters
    ----------
    labels : sequence of str
        Name of each class.
    """
    text = known_things(labels)
    if text:
        st.caption(plain_text(text))
    return bool(text)
