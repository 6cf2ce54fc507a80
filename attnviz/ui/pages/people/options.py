"""Whose maps are held against the people: models and methods, and how large a degree is."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from attnviz.agreement.map_makers import (
    MapMaker,
    baseline_map_makers,
    model_map_makers,
    unsupported_notes,
)
from attnviz.methods.base import METHODS
from attnviz.methods.questions import is_slow
from attnviz.metrics.inter_observer import CentreBias
from attnviz.models.catalogue import find_model, list_models
from attnviz.models.vision_model import VisionModel
from attnviz.ui.kit.pickers import (
    QUESTION_TITLES,
    method_title,
    model_title,
    pick_device,
    ready_model,
)
from attnviz.ui.kit.url_state import start_value

_MODELS, _METHODS, _DEGREE = "people models", "people methods", "people degree"


@dataclass(frozen=True)
class ComparisonOptions:
    """Names of models and methods, the device, and the pictures' pixels to a degree."""

    models: tuple[str, ...]
    methods: tuple[str, ...]
    device: str
    degree: float

    @property
    def key(self) -> tuple[str, ...]:
        """Decides all scores of a folder."""
        return (",".join(self.models), ",".join(self.methods), self.device, f"{self.degree:g}")

    @property
    def slow(self) -> bool:
        """Whether one of the methods sends many passes through a network."""
        return any(map(is_slow, self.methods))


def pick_options() -> ComparisonOptions:
    """The three choices in a row; kept when the page is left."""
    start_value(_MODELS, ["ran-small"])
    start_value(_METHODS, ["attention", "decision"])
    start_value(_DEGREE, 24.0)
    device = pick_device()
    left, middle, right = st.columns([3, 4, 2])
    specs = {spec.name: spec for spec in list_models()}
    with left:
        models = st.multiselect(
            "Models",
            list(specs),
            format_func=lambda name: model_title(specs[name]),
            key=_MODELS,
            persist_state="session",
            max_selections=6,
            help="Baselines that need no model are always there.",
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
            "Pixels to a degree",
            1.0,
            2000.0,
            step=1.0,
            key=_DEGREE,
            persist_state="session",
            help="How many pixels of the pictures the viewers saw in one degree of their visual "
            "field: a density blurs each fixation by it. 24 for OSIE.",
        )
    return ComparisonOptions(tuple(models), tuple(methods), device, float(degree))


def mismatch_notes(asked: ComparisonOptions) -> list[str]:
    """A sentence for each model and method that do not fit each other."""
    return unsupported_notes([find_model(name) for name in asked.models], asked.methods)


def contestants(asked: ComparisonOptions, others: CentreBias) -> list[MapMaker]:
    """The baselines, then each model, loaded, with each method that fits it.

    Where a model cannot be had, one message says so and the run of the page ends there.
    """
    found: list[VisionModel] = []
    for name in asked.models:
        model = ready_model(name, asked.device)
        if model is None:
            st.stop()
        found.append(model)
    return [*baseline_map_makers(others), *model_map_makers(found, asked.methods)]
