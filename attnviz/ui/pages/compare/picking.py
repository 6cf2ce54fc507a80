"""Choosing the pictures, models and maps of the grid; a link contains all of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from attnviz.models.catalogue import list_models
from attnviz.models.spec import ModelSpec
from attnviz.ui.kit.model_list import listed_models, model_title
from attnviz.ui.kit.model_picker import pick_device
from attnviz.ui.kit.pickers import Photo, pick_from_row
from attnviz.ui.kit.url_state import linked, start_choice
from attnviz.ui.pages.compare.cells import GridRequest
from attnviz.ui.pages.compare.fitting import offered_looks

MOST_MODELS = 6
MOST_LOOKS = 6
MOST_MORE = 3
_MORE, _MODELS, _LOOKS = "compare more", "compare models", "compare looks"
TARGET = "compare class"


@dataclass(frozen=True)
class _PickedNames:
    """Names chosen in a box, and their text in a link: empty for the default."""

    names: tuple[str, ...]
    link: str


def pick_grid() -> GridRequest | None:
    """Let the user choose pictures, models, maps and a class; None while one of them is empty."""
    offered = pick_from_row()
    if not offered:
        return None  # and the other choices stay as they are
    device = pick_device()
    left, right = st.columns(2)
    catalogue = listed_models()
    with left:
        models = _pick_models(catalogue)
    specs = tuple(catalogue[name] for name in models.names)
    with right:
        looks = _pick_looks(specs)
    left, right = st.columns(2)
    first, *others = offered
    with left:
        more = _pick_more(offered, others)
    with right:
        target = _pick_class(specs)
    if not (specs and looks.names):
        return None
    photos = {key: offered[key] for key in (first, *more.names)}
    link = {_MORE: more.link, _MODELS: models.link, _LOOKS: looks.link}
    return GridRequest(photos, specs, looks.names, target, device, link)


def _pick_more(offered: Mapping[str, Photo], others: Sequence[str]) -> _PickedNames:
    """Pick pictures in addition to the one chosen in the row."""
    missing = set(filter(None, (linked(_MORE) or "").split(","))) - set(offered)
    if missing:
        which = "One photo is" if len(missing) == 1 else f"{len(missing)} photos are"
        st.warning(
            f"{which} missing that this page's link asks for. Add what is missing above, then "
            "choose it here.",
            icon=":material/hide_image:",
        )
    return _pick_several(
        "More pictures", others, [], _MORE, MOST_MORE, lambda key: offered[key].title,
        "Each picture gets one row per model.",
    )  # fmt: skip


def _pick_models(catalogue: Mapping[str, ModelSpec]) -> _PickedNames:
    # Models with other classes would give other predictions: they are not chosen by default.
    labels = next(iter(catalogue.values())).labels
    shipped = [s.name for s in list_models() if s.embedded and s.labels == labels]
    return _pick_several(
        "Models", list(catalogue), shipped[:MOST_MODELS], _MODELS, MOST_MODELS,
        lambda name: model_title(catalogue[name]),
        "One row each. Those marked with an arrow are downloaded on first use.",
    )  # fmt: skip


def _pick_looks(specs: Sequence[ModelSpec]) -> _PickedNames:
    titles = offered_looks(specs)
    questions = list(titles)[:2]
    return _pick_several(
        "Show", list(titles), questions, _LOOKS, MOST_LOOKS, lambda name: titles[name],
        "One column each. A question is answered by the map that scored best in measurements on "
        "that model, or by a sound default.",
    )  # fmt: skip


def _pick_class(specs: Sequence[ModelSpec]) -> str:
    labels = ["", *dict.fromkeys(label for spec in specs for label in spec.labels)]
    start_choice(TARGET, labels)
    return str(
        st.selectbox(
            "Class to explain",
            labels,
            format_func=lambda label: label or "Each model's top prediction",
            key=TARGET,
            persist_state="session",
            help="Relevance is computed for this class. Attention does not depend on a class.",
        )
    )


def _pick_several(
    label: str,
    options: Sequence[str],
    first: Sequence[str],
    key: str,
    most: int,
    title: Callable[[str], str],
    help_text: str,
) -> _PickedNames:
    """Show a box for several names; the default is those of the link, or else `first`."""
    if key not in st.session_state:
        in_link = _known((linked(key) or "").split(","), options)
        st.session_state[key] = (in_link or list(first))[:most]
    else:
        st.session_state[key] = _known(st.session_state[key], options)
    chosen: list[str] = st.multiselect(
        label,
        options,
        format_func=title,
        key=key,
        persist_state="session",
        max_selections=most,
        help=help_text,
    )
    return _PickedNames(tuple(chosen), "" if chosen == list(first) else ",".join(chosen))


def _known(names: Sequence[str], options: Collection[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name in options]
