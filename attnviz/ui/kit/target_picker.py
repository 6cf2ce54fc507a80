"""Choosing what a map is to explain: the kinds of targets that a model can be asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from attnviz.analysis.asked import kinds_for
from attnviz.errors import AttnvizError
from attnviz.methods import METHODS
from attnviz.methods.base import Method
from attnviz.models.vision_model import VisionModel
from attnviz.targets import Part, Target, TextContext
from attnviz.targets.single_class import Class
from attnviz.targets.text import MOST, as_targets, format_targets, parse_targets
from attnviz.targets.words import Words
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.pickers import known_picture
from attnviz.ui.kit.target_fields import Field, can_fill_in, fill_in, start_field
from attnviz.ui.kit.url_state import linked, show_titles, start_choice, went_back
from attnviz.ui.kit.words_field import pick_words

TARGET = "target"
_KIND = "target kind"
_TOP = ""
_SEVERAL = "several"
_NOTHING = "nothing"


def pick_target(
    model: VisionModel,
    likely: Sequence[str],
    look: str,
    method: type[Method],
    *,
    sure: bool = True,
) -> tuple[Target, ...]:
    """Let the user choose what to explain, beside the map.

    Parameters
    ----------
    model : VisionModel
        The network.
    likely : sequence of str
        Labels of the most probable classes, best first; empty where there are none.
    look : str
        Name of a question or a method.
    method : type of Method
        The method, or the one that answers the question if nothing is asked for.
    sure : bool
        Whether the network is sure of the first of them; it is called a guess otherwise.

    Returns
    -------
    tuple of Target
        Empty while the top class is followed, or nothing in particular is asked for.
        `st.session_state["target"]` holds the same as text, for the link.
    """
    kinds = _kinds(model, likely, look, method)
    asked = _asked(model, kinds)
    if Words.fits(model) and (look not in METHODS or _explains_any(METHODS.get(look))):
        words = pick_words(model, asked)
        if words:
            st.session_state[TARGET] = format_targets(words)
            return words
        asked = tuple(one for one in asked if not isinstance(one, Words))
        st.session_state[TARGET] = format_targets(asked)
    kinds.pop(Words.name, None)  # it has a field of its own
    if not kinds:
        return ()
    kind = _pick_kind(kinds, asked)
    if kind == Class.name:
        label = _pick_class(model, likely, "the top class" if sure else "a guess")
        return (Class(label),) if label else ()
    targets: tuple[Target, ...] = ()
    if kind == _SEVERAL:
        targets = _pick_several(model, likely, asked)
    elif kind != _NOTHING:
        targets = _pick_parts(kinds[kind], model, likely, asked)
    st.session_state[TARGET] = format_targets(targets)
    return targets


def _kinds(
    model: VisionModel, likely: Sequence[str], look: str, method: type[Method]
) -> dict[str, type[Target]]:
    """The kinds to choose from, by name."""
    scores = method.depends_on_score()
    every = scores and (look not in METHODS or not method.needs_class)
    return {
        kind.name: kind
        for kind in kinds_for(model)
        if can_fill_in(kind)
        and (likely or Part.CLASS not in kind.parts.values())
        and (every or (scores and kind is Class) or kind.shown_by(method))
    }


def _explains_any(method: type[Method]) -> bool:
    """Whether a method explains any score, not those of classes alone."""
    return method.depends_on_score() and not method.needs_class


def _asked(model: VisionModel, kinds: Mapping[str, type[Target]]) -> tuple[Target, ...]:
    """What the session or the link asks for; nothing where that is not possible here."""
    by_link = went_back() or TARGET not in st.session_state
    text = linked(TARGET) if by_link else st.session_state[TARGET]
    try:
        targets = parse_targets(text or "", TextContext(model.labels, known_picture))
        for target in targets:
            target.words(model)  # raises for a class that this model does not have
    except AttnvizError:
        return ()
    known = {*kinds, *([Words.name] if Words.fits(model) else [])}
    return targets if all(target.name in known for target in targets) else ()


def _pick_kind(kinds: Mapping[str, type[Target]], asked: Sequence[Target]) -> str:
    """Choose a kind; that of the link first."""
    titles = {name: kind.title for name, kind in kinds.items()}
    if Class.name in kinds:
        titles[_SEVERAL] = "several classes, which compete"
    else:
        titles = {_NOTHING: "the picture as a whole"} | titles
    asked_kind = _SEVERAL if len(asked) > 1 else asked[0].name if asked else next(iter(titles))
    if went_back() or st.session_state.get(_KIND) not in titles:
        st.session_state[_KIND] = asked_kind
    return str(
        st.selectbox(
            "Explain",
            list(titles),
            format_func=lambda name: titles[name],
            key=_KIND,
            persist_state="session",
            width=320,
            help="What the map is to explain. Several compete for the sharp places.",
        )
    )


def _pick_class(model: VisionModel, likely: Sequence[str], top: str) -> str:
    """Let the user pin a class; empty while the top prediction is followed."""
    wanted = st.session_state.get(TARGET) or linked(TARGET)
    elsewhere = [wanted] if wanted in model.labels and wanted not in likely else []
    options = [_TOP, *likely, *elsewhere]
    start_choice(TARGET, options, default=_TOP)
    titles = {label: label for label in options} | {_TOP: f"{likely[0]} ({top})"}
    show_titles(TARGET, titles)
    chosen = st.selectbox(
        "Class to explain",
        options,
        format_func=titles.__getitem__,
        key=TARGET,
        persist_state="session",
        width=320,
        help="The top class follows the photo. A class that you choose stays, also for other "
        "photos, until you choose the top class again.",
    )
    return str(chosen)


def _pick_several(
    model: VisionModel, likely: Sequence[str], asked: Sequence[Target]
) -> tuple[Target, ...]:
    """Let the user choose classes; the two likeliest first."""
    options = _classes(model, likely)
    named = [one.words(model) for one in asked if isinstance(one, Class)]
    key = start_field(_SEVERAL, named if len(named) > 1 else list(likely[:2]))
    st.session_state[key] = [label for label in st.session_state[key] if label in options]
    chosen = st.multiselect(
        "Classes that compete", options, key=key, persist_state="session", max_selections=MOST
    )
    return as_targets(list(map(Class, chosen))) if chosen else ()


def _pick_parts(
    kind: type[Target], model: VisionModel, likely: Sequence[str], asked: Sequence[Target]
) -> tuple[Target, ...]:
    """Let the user fill in the parts of a target; nothing while one is missing or impossible."""
    known = asked[0] if len(asked) == 1 and isinstance(asked[0], kind) else None
    named = [one.words(model) for one in (known.inner if known else ()) if isinstance(one, Class)]
    classes = list(dict.fromkeys([*_classes(model, likely), *named]))  # not all have labels
    values: dict[str, Any] = {}
    for place, (name, part) in enumerate(kind.parts.items()):
        first = None if known is None else getattr(known, name)
        first = first.words(model) if isinstance(first, Target) else first
        values[name] = fill_in(Field(kind.name, name, first, place, classes), part)
    needed = [name for name, part in kind.parts.items() if part is not Part.FOUND_CLASS]
    if any(values[name] is None for name in needed):
        return ()
    try:
        return (kind(**values),)
    except AttnvizError as error:
        st.info(plain_text(str(error)))
        return ()


def _classes(model: VisionModel, likely: Sequence[str]) -> list[str]:
    """All classes, the likeliest first."""
    return list(dict.fromkeys([*likely, *model.labels]))
