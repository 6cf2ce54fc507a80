"""Warnings about methods that failed the sanity check in this session."""

from __future__ import annotations

import streamlit as st

from attnviz.analysis.explanation import Explanation
from attnviz.ui.kit.guard import plain_text

_FOUND = "insensitive"
Key = tuple[str, str, str]


def record_sanity(explanation: Explanation, layer: str, *, insensitive: bool) -> None:
    """Store the result of a sanity check; it replaces an earlier result for the same layer.

    Parameters
    ----------
    explanation : Explanation
        Gives network and method.
    layer : str
        The layer whose map was checked.
    insensitive : bool
        Whether the map hardly changed.
    """
    found: dict[Key, set[str]] = st.session_state.setdefault(_FOUND, {})
    layers = found.setdefault(_key(explanation), set())
    layers.discard(layer)
    if insensitive:
        layers.add(layer)


def warn_if_insensitive(explanation: Explanation) -> None:
    """Show a warning if the method failed the sanity check on this network."""
    found: dict[Key, set[str]] = st.session_state.get(_FOUND, {})
    layers = sorted(found.get(_key(explanation), ()))
    if layers:
        title = plain_text(explanation.choice.method.title)
        st.warning(
            f"**{title} is insensitive to this model:** its map at {plain_text(', '.join(layers))} "
            "hardly changed in the sanity check when the weights were made random.",
            icon=":material/warning:",
        )


def _key(explanation: Explanation) -> Key:
    one = explanation.provenance
    return one["model"], one["weights sha256"], explanation.method
