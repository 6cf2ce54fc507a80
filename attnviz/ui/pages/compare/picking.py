"""Choosing the pictures, models and maps of the grid; a link contains all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from attnviz.errors import AttnvizError
from attnviz.models.catalogue import list_models
from attnviz.models.spec import ModelSpec
from attnviz.targets import TextContext
from attnviz.targets.single_class import Class
from attnviz.targets.text import parse_targets
from attnviz.ui.kit.model_list import listed_models, model_title
from attnviz.ui.kit.model_picker import pick_device
from attnviz.ui.kit.pickers import known_picture, pick_from_row
from attnviz.ui.kit.several_picker import PickedNames, pick_more, pick_several
from attnviz.ui.kit.url_state import linked, start_choice
from attnviz.ui.pages.compare.cells import GridRequest
from attnviz.ui.pages.compare.fitting import offered_looks

MOST_MODELS = 6
MOST_LOOKS = 6
MOST_MORE = 3
_MORE, _MODELS, _LOOKS = "compare more", "compare models", "compare looks"
TARGET = "compare class"
_ROWS = "Each picture gets one row per model."


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
        more = pick_more(offered, others, _MORE, MOST_MORE, _ROWS)
    with right:
        target = _pick_class(specs)
    if not (specs and looks.names):
        return None
    photos = {key: offered[key] for key in (first, *more.names)}
    link = {_MORE: more.link, _MODELS: models.link, _LOOKS: looks.link}
    return GridRequest(photos, specs, looks.names, target, device, link)


def _pick_models(catalogue: Mapping[str, ModelSpec]) -> PickedNames:
    # Models with other classes would give other predictions: they are not chosen by default.
    labels = next(iter(catalogue.values())).labels
    shipped = [s.name for s in list_models() if s.embedded and s.labels == labels]
    return pick_several(
        "Models", list(catalogue), shipped[:MOST_MODELS], _MODELS, MOST_MODELS,
        lambda name: model_title(catalogue[name]),
        "One row each. Those marked with an arrow are downloaded on first use.",
    )  # fmt: skip


def _pick_looks(specs: Sequence[ModelSpec]) -> PickedNames:
    titles = offered_looks(specs)
    questions = list(titles)[:2]
    return pick_several(
        "Show", list(titles), questions, _LOOKS, MOST_LOOKS, lambda name: titles[name],
        "One column each. A question is answered by the map that scored best in measurements on "
        "that model, or by a sound default.",
    )  # fmt: skip


def _pick_class(specs: Sequence[ModelSpec]) -> str:
    labels = ["", *dict.fromkeys(label for spec in specs for label in spec.labels)]
    written = st.session_state.get(TARGET) or linked(TARGET) or ""
    options = labels if written in labels or not _asks(written) else [*labels, written]
    start_choice(TARGET, options)
    return str(
        st.selectbox(
            "What to explain",
            options,
            format_func=lambda label: label or "Each model's top prediction",
            key=TARGET,
            persist_state="session",
            accept_new_options=True,
            help="Relevance is computed for this class. You can also write contrast:cat|dog, or "
            "patch:.4,.6 for the patch at these shares of width and height, or several with a "
            "semicolon between them. Attention does not depend on a class.",
        )
        or ""
    )


def _asks(text: str) -> bool:
    """Whether a text, which a link may have made up, asks for more than a class."""
    try:
        targets = parse_targets(text, TextContext(open_picture=known_picture))
    except AttnvizError:
        return False
    return len(targets) > 1 or not isinstance(targets[0], Class)
