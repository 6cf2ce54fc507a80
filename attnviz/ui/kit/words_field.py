"""The field "Look for ...": what a network that reads words is asked to find."""

from __future__ import annotations

import re
from collections.abc import Sequence

import streamlit as st

from attnviz.errors import AttnvizError
from attnviz.targets import Target
from attnviz.targets.text import as_targets
from attnviz.targets.words import Words
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.url_state import went_back

_FIELD = "look for"
_SUGGESTED = "look for suggested"
SUGGESTIONS = ("a person", "a face", "a dog", "a car", "a tree", "the sky", "text")


def pick_words(asked: Sequence[Target]) -> tuple[Target, ...]:
    """Let the user write what to look for, or choose suggestions.

    Parameters
    ----------
    asked : sequence of Target
        What the link asks for; the field begins with it if it is words.

    Returns
    -------
    tuple of Target
        One for each thing; they compete. Empty while nothing is asked for.
    """
    first = [one.prompt for one in asked if isinstance(one, Words)]
    if went_back() or _FIELD not in st.session_state:
        st.session_state[_FIELD] = "; ".join(one for one in first if one not in SUGGESTIONS)
        st.session_state[_SUGGESTED] = [one for one in first if one in SUGGESTIONS]
    typed = st.text_input(
        "Look for",
        key=_FIELD,
        persist_state="session",
        placeholder="a red car; a dog",
        width=320,
        help="In words, as a caption would say it. Several things, with a semicolon between "
        "them, compete for the sharp places.",
    )
    chosen = st.pills(
        "Suggestions",
        SUGGESTIONS,
        selection_mode="multi",
        key=_SUGGESTED,
        persist_state="session",
        label_visibility="collapsed",
    )
    prompts = [*filter(None, map(str.strip, re.split(r"[;\n]", typed))), *chosen]
    try:
        return as_targets(list(map(Words, prompts))) if prompts else ()
    except AttnvizError as error:
        st.info(plain_text(str(error)))
        return ()
