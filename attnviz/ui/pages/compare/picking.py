"""Choosing pictures, networks and questions for the grid; all of it kept, and in the link."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import streamlit as st

from attnviz.models.catalogue import list_models
from attnviz.models.spec import ModelSpec
from attnviz.ui.kit.pickers import Photo, model_title, pick_device, pick_from_row
from attnviz.ui.kit.url_state import keep, kept_choice
from attnviz.ui.pages.compare.cells import Wanted
from attnviz.ui.pages.compare.fitting import offered_looks

MOST_MODELS = 6
MOST_LOOKS = 6
MOST_MORE = 3
MORE, MODELS, LOOKS, TARGET = (
    "compare more", "compare models", "compare looks", "compare class",
)  # fmt: skip
KEYS = ("picture", MORE, MODELS, LOOKS, TARGET)


def pick_wanted() -> Wanted | None:
    """All choices of the page; None while one of them is empty."""
    offered = pick_from_row()
    device = pick_device()
    left, right = st.columns(2)
    with left:
        specs = _pick_models()
    with right:
        looks = _pick_looks(specs)
    left, right = st.columns(2)
    with left:
        photos = _pick_photos(offered)
    with right:
        target = _pick_class(specs)
    if not (photos and specs and looks):
        return None
    return Wanted(photos, specs, looks, target, device)


def _pick_photos(offered: dict[str, Photo]) -> dict[str, Photo]:
    """The chosen picture of the row, and up to three more."""
    if not offered:
        return {}
    first, *others = offered
    more = _pick_several(
        "More pictures", others, [], MORE, MOST_MORE, lambda key: offered[key].title,
        "Each picture has a row for each model.",
    )  # fmt: skip
    return {key: offered[key] for key in (first, *more)}


def _pick_models() -> tuple[ModelSpec, ...]:
    specs = {spec.name: spec for spec in list_models()}
    known = next(iter(specs.values())).labels  # one that knows other things says other things
    shipped = [name for name, spec in specs.items() if spec.embedded and spec.labels == known]
    names = _pick_several(
        "Models", list(specs), shipped[:MOST_MODELS], MODELS, MOST_MODELS,
        lambda name: _short(specs[name]),
        "A row for each. Models that do not ship with attnviz are downloaded on first use.",
    )  # fmt: skip
    return tuple(specs[name] for name in names)


def _short(spec: ModelSpec) -> str:
    return spec.title if spec.embedded else model_title(spec)


def _pick_looks(specs: Sequence[ModelSpec]) -> tuple[str, ...]:
    titles = offered_looks(specs)
    questions = list(titles)[:2]
    names = _pick_several(
        "Show", list(titles), questions, LOOKS, MOST_LOOKS, lambda name: titles[name],
        "A column for each. A question is answered by the map that did best when it was measured "
        "on that model, or by a sound default.",
    )  # fmt: skip
    return tuple(names)


def _pick_class(specs: Sequence[ModelSpec]) -> str:
    labels = ["", *dict.fromkeys(label for spec in specs for label in spec.labels)]
    if TARGET not in st.session_state:
        st.session_state[TARGET] = kept_choice(TARGET) or ""
    if st.session_state[TARGET] not in labels:
        st.session_state[TARGET] = ""
    chosen = str(
        st.selectbox(
            "Class of the relevance",
            labels,
            format_func=lambda label: label or "Each model's own first",
            key=TARGET,
            help="What the decision is about. Attention knows no class.",
        )
    )
    keep(**{TARGET: chosen})
    return chosen


def _pick_several(
    label: str,
    options: Sequence[str],
    first: Sequence[str],
    key: str,
    most: int,
    title: Callable[[str], str],
    help_text: str,
) -> list[str]:
    """A box for several names; begins with what was kept, else with `first`."""
    if key not in st.session_state:
        kept = kept_choice(key)
        named = _known((kept or "").split(","), options)
        st.session_state[key] = (named or list(first))[:most]
    else:
        st.session_state[key] = _known(st.session_state[key], options)
    chosen: list[str] = st.multiselect(
        label, options, format_func=title, key=key, max_selections=most, help=help_text
    )
    keep(**{key: "" if chosen == list(first) else ",".join(chosen)})
    return chosen


def _known(names: Sequence[str], options: Collection[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name in options]
