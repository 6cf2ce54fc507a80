"""Options of the comparison: models, methods, and the size of a degree of visual angle."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from attnviz.methods.base import METHODS
from attnviz.methods.questions import is_slow
from attnviz.metrics.inter_observer import CentreBias
from attnviz.models.vision_model import VisionModel
from attnviz.people.map_makers import (
    MapMaker,
    baseline_map_makers,
    model_map_makers,
    unsupported_notes,
)
from attnviz.ui.kit.method_picker import QUESTION_TITLES, method_title
from attnviz.ui.kit.model_list import listed_models, model_title
from attnviz.ui.kit.model_picker import pick_device, ready_model
from attnviz.ui.kit.url_state import start_value

_MODELS, _METHODS, _DEGREE = "people models", "people methods", "people degree"


@dataclass(frozen=True)
class ComparisonOptions:
    """Names of models and methods, the device, and image pixels per degree of visual angle."""

    models: tuple[str, ...]
    methods: tuple[str, ...]
    device: str
    degree: float

    @property
    def key(self) -> tuple[str, ...]:
        """Cache key: with equal keys, a folder's scores are equal."""
        return (",".join(self.models), ",".join(self.methods), self.device, f"{self.degree:g}")

    @property
    def slow(self) -> bool:
        """Whether one of the methods needs many passes through a network."""
        return any(map(is_slow, self.methods))


def pick_options() -> ComparisonOptions:
    """Let the user choose models, methods and the size of a degree, in one row.

    Returns
    -------
    ComparisonOptions
        The choices; they are remembered when the user leaves the page.
    """
    start_value(_METHODS, ["attention", "decision"])
    start_value(_DEGREE, 24.0)
    device = pick_device()
    left, middle, right = st.columns([3, 4, 2])
    specs = listed_models()
    start_value(_MODELS, [next(iter(specs))])
    # A network of the visitor's own may have gone.
    st.session_state[_MODELS] = [name for name in st.session_state[_MODELS] if name in specs]
    with left:
        models = st.multiselect(
            "Models",
            list(specs),
            format_func=lambda name: model_title(specs[name]),
            key=_MODELS,
            persist_state="session",
            max_selections=6,
            help="Baselines that need no model are always included.",
        )
    titles = {str(name): text for name, text in QUESTION_TITLES.items()}
    titles |= {method.name: method_title(method) for method in METHODS}
    with middle:
        methods = st.multiselect(
            "Maps",
            list(titles),
            format_func=titles.__getitem__,
            key=_METHODS,
            persist_state="session",
            max_selections=6,
        )
    with right:
        degree = st.number_input(
            "Pixels per degree",
            1.0,
            2000.0,
            step=1.0,
            key=_DEGREE,
            persist_state="session",
            help="Image pixels per degree of visual angle, from the viewers' distance to the "
            "screen. Fixations are smoothed by one degree. 24 for OSIE.",
        )
    return ComparisonOptions(tuple(models), tuple(methods), device, float(degree))


def mismatch_notes(options: ComparisonOptions) -> list[str]:
    """Say for each method which models do not support it."""
    specs = listed_models()
    return unsupported_notes([specs[name] for name in options.models], options.methods)


def contestants(options: ComparisonOptions, centre_bias: CentreBias) -> list[MapMaker]:
    """Make the baselines, and map makers for each model with each method that supports it.

    Parameters
    ----------
    options : ComparisonOptions
        Models and methods.
    centre_bias : CentreBias
        Fixations on other pictures, for the baseline that predicts from them.

    Returns
    -------
    list of MapMaker
        Baselines first.

    Notes
    -----
    If a model cannot be loaded, a message says why and the page ends there.
    """
    loaded: list[VisionModel] = []
    specs = listed_models()
    for name in options.models:
        model = ready_model(specs[name], options.device)
        if model is None:
            st.stop()
        loaded.append(model)
    return [*baseline_map_makers(centre_bias), *model_map_makers(loaded, options.methods)]
