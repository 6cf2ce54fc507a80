"""The field "Look for ...": what a network that reads words is asked to find."""

from __future__ import annotations

import re
from collections.abc import Sequence

import streamlit as st

from attnviz.errors import AttnvizError
from attnviz.models.vision_model import VisionModel
from attnviz.models.words_network import words_network
from attnviz.targets import Target
from attnviz.targets.text import as_targets
from attnviz.targets.wordings import AS_WRITTEN, WORDINGS, parts_of
from attnviz.targets.words import Words
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.url_state import went_back

_FIELD = "look for"
_SUGGESTED = "look for suggested"
_WORDING = "look for wording"
_PLAIN = ""
_SEPARATOR = "|"  # between several templates
SUGGESTIONS = ("a person", "a face", "a dog", "a car", "a tree", "the sky", "text")


def pick_words(model: VisionModel, asked: Sequence[Target]) -> tuple[Target, ...]:
    """Let the user write what to look for, or choose suggestions.

    Parameters
    ----------
    model : VisionModel
        A network that reads words.
    asked : sequence of Target
        What the link asks for; the field begins with it if it is words.

    Returns
    -------
    tuple of Target
        One for each thing; they compete. Empty while nothing is asked for.
    """
    first = [one.prompt for one in _words(asked)]
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
    if not prompts:
        return ()
    templates = _pick_templates(model, asked)
    try:
        return as_targets([Words(prompt, templates) for prompt in prompts])
    except AttnvizError as error:
        st.info(plain_text(str(error)))
        return ()


def _pick_templates(model: VisionModel, asked: Sequence[Target]) -> tuple[str, ...]:
    """Let the user choose the wordings of a language, or type a wording."""
    network = words_network(model.module)
    several = network is not None and network.knows_languages
    titles = {_PLAIN: "as written"} | {
        code: f"captions in {one.language}"
        for code, one in WORDINGS.items()
        if several or code == "en"
    }
    linked = next((_SEPARATOR.join(parts_of(one.templates)) for one in _words(asked)), _PLAIN)
    if went_back() or _WORDING not in st.session_state:
        st.session_state[_WORDING] = linked
    known = st.session_state[_WORDING] or _PLAIN
    chosen = st.selectbox(
        "Wording",
        list(titles | {known: known}),
        format_func=lambda name: titles.get(name, name),
        key=_WORDING,
        persist_state="session",
        accept_new_options=True,
        width=320,
        help="The mean of several captions is steadier than one. Or type a caption of your own, "
        "with {} where the words go, as in: a drawing of {}",
    )
    parts = tuple(filter(None, map(str.strip, str(chosen or "").split(_SEPARATOR))))
    return parts or AS_WRITTEN


def _words(asked: Sequence[Target]) -> list[Words]:
    return [one for one in asked if isinstance(one, Words)]
