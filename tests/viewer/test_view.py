"""The view as links and browsers send it, and what a page hands to the viewer."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from attnviz.render.aperture import Aperture
from attnviz.render.focus import Edges, Scale
from attnviz.ui.components.viewer.component import Pick, _picked
from attnviz.viewer.view import Mode, Surface, View

FULL = View(
    layer="block 7 & <b>ü</b>", mode=Mode.SPLIT, radius=0.031, threshold=0.4, softness=0.05,
    scale=Scale.ALL_LAYERS, outline=True, aperture=Aperture.OCTAGON, highlights=2.5,
    colours="magma", opacity=0.0, blend=False, speed=0.5, left=Surface.PHOTO,
    right=Surface.BOKEH, wipe=1.0,
)  # fmt: skip
NUMBERS = ("radius", "threshold", "softness", "highlights", "opacity", "speed", "wipe")
CHOICES = ("mode", "scale", "aperture", "colours", "left", "right")
NOTHING = [None, [], {}, [1], {"a": 1}, "", "nan", "x" * 100_000, "None", object()]


def test_a_view_comes_back_from_a_link() -> None:
    assert View.from_untrusted(FULL.to_query()) == FULL
    assert set(FULL.to_query()) == set(FULL.to_json())
    assert all(isinstance(value, str) for value in FULL.to_query().values())


def test_a_plain_view_needs_no_link() -> None:
    assert View().to_query() == {}
    assert View.from_untrusted({}) == View()
    assert View(radius=0.05).to_query() == {"radius": "0.05"}


def test_a_view_comes_back_from_json() -> None:
    assert View.from_untrusted(json.loads(json.dumps(FULL.to_json()))) == FULL


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize(
    "value", [*NOTHING, math.nan, math.inf, -math.inf, "inf", "1e999", 10**400, -(10**400)]
)
def test_what_is_no_number_is_left_out(name: str, value: Any) -> None:
    assert View.from_untrusted({name: value}) == View()


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_end_at_their_limits(name: str) -> None:
    low, high = (getattr(View.from_untrusted({name: end}), name) for end in (-1e9, "1e9"))
    assert low < high <= 30
    middle = (low + high) / 2
    assert getattr(View.from_untrusted({name: f"{middle:g}"}), name) == pytest.approx(middle)
    assert low <= getattr(View(), name) <= high


@pytest.mark.parametrize("name", CHOICES)
@pytest.mark.parametrize("value", [*NOTHING, "jet", "DISC", 0, math.nan, "__class__"])
def test_an_unknown_choice_is_left_out(name: str, value: Any) -> None:
    assert View.from_untrusted({name: value}) == View()


@pytest.mark.parametrize("name", ["outline", "blend"])
@pytest.mark.parametrize("value", [*NOTHING, 2, "yes", math.nan, 10**400])
def test_what_is_no_truth_is_left_out(name: str, value: Any) -> None:
    assert View.from_untrusted({name: value}) == View()


@pytest.mark.parametrize(
    ("value", "truth"), [(True, True), ("1", True), ("True", True), (0, False), ("false", False)]
)
def test_truths(value: Any, truth: bool) -> None:
    assert View.from_untrusted({"outline": value, "blend": value}) == View(
        outline=truth, blend=truth
    )


@pytest.mark.parametrize("value", [None, 7, ["a"], {"a": 1}, "x" * 201])
def test_a_layers_name_is_a_short_text(value: Any) -> None:
    assert View.from_untrusted({"layer": value}).layer == ""
    assert View.from_untrusted({"layer": "x" * 200}).layer == "x" * 200


def test_what_a_view_does_not_know_is_left_out() -> None:
    assert View.from_untrusted({"viewId": "a", "__class__": 1, "radius": 0.01}) == View(radius=0.01)


def test_choices_keep_their_types() -> None:
    view = View.from_untrusted({"mode": "heat", "scale": "absolute", "aperture": "hexagon"})
    assert isinstance(view.mode, Mode)
    assert isinstance(view.scale, Scale)
    assert isinstance(view.aperture, Aperture)


def test_a_view_says_how_maps_become_a_focus() -> None:
    settings = FULL.focus_settings()
    assert (settings.threshold, settings.softness) == (0.4, 0.05)
    assert (settings.scale, settings.edges) == (Scale.ALL_LAYERS, Edges.OBJECT)
    assert FULL.at("last") == replace(FULL, layer="last")


@pytest.mark.parametrize(
    "value",
    [
        *NOTHING,
        {"x": 0.5, "y": 0.5},
        {"x": 0.5, "y": 0.5, "layer": 3},
        {"x": 1.01, "y": 0.5, "layer": "a"},
        {"x": 0.5, "y": -0.01, "layer": "a"},
        {"x": math.nan, "y": 0.5, "layer": "a"},
        {"x": 10**400, "y": 0.5, "layer": "a"},
        {"x": [0.5], "y": 0.5, "layer": "a"},
    ],
)
def test_a_click_that_makes_no_sense_is_none(value: Any) -> None:
    assert _picked(value) is None


def test_a_click() -> None:
    assert _picked({"x": 0, "y": 1.0, "layer": "a", "more": 1}) == Pick(0.0, 1.0, "a")
