from __future__ import annotations

import cv2
import matplotlib
import numpy as np
import pytest

from attnviz.errors import FocusError, UnknownNameError
from attnviz.render.heat import (
    COLOUR_MAPS,
    SIGNED_COLOUR_MAPS,
    colour_bar,
    colour_map,
    heat_overlay,
    signed_colour_map,
)
from benchmarks.reference_bokeh import textured

VALUES = np.linspace(0, 1, 12).reshape(3, 4)


@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_colours_are_those_of_matplotlib(name: str) -> None:
    index = np.round(VALUES * 255).astype(int)
    want = (np.array(matplotlib.colormaps[name](index))[..., :3] * 255).astype(np.uint8)
    assert np.abs(colour_map(VALUES, name).astype(int) - want).max() <= 1


@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_lightness_only_rises(name: str) -> None:
    lab = cv2.cvtColor(colour_map(np.linspace(0, 1, 64)[None], name), cv2.COLOR_RGB2LAB)
    assert np.diff(lab[0, :, 0].astype(int)).min() >= -1
    assert int(lab[0, -1, 0]) - int(lab[0, 0, 0]) > 120


@pytest.mark.parametrize("name", SIGNED_COLOUR_MAPS)
def test_signed_maps_are_neutral_at_zero_and_strong_at_both_ends(name: str) -> None:
    against, zero, in_favour = signed_colour_map([[-1.0, 0.0, 1.0]], name)[0].astype(int)
    assert np.ptp(zero) < 8
    assert min(np.ptp(against), np.ptp(in_favour)) > 50
    if name != "PuOr_r":
        assert against[2] > against[0] + 40
        assert in_favour[0] > in_favour[2] + 40


def test_opacity_runs_from_the_photo_to_the_heat() -> None:
    pixels = textured(20, 30)
    values = np.tile(np.linspace(0, 1, 30), (20, 1))
    assert np.array_equal(heat_overlay(pixels, values, 0.0), pixels)
    white = np.full_like(pixels, 255)
    assert np.array_equal(heat_overlay(white, values, 1.0, "magma"), colour_map(values, "magma"))


def test_overlay_by_hand() -> None:
    pixels = np.full((1, 1, 3), 100, dtype=np.uint8)
    heat = colour_map([[1.0]], "inferno")[0, 0].astype(float)
    shade = 0.35 + 0.65 * 100 / 255
    want = 0.4 * 100 + 0.6 * shade * heat
    assert heat_overlay(pixels, [[1.0]], 0.6, "inferno")[0, 0] == pytest.approx(want, abs=0.51)


def test_the_photo_stays_readable_below_even_heat() -> None:
    pixels = textured(64, 64, seed=8)
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).ravel()
    shown = heat_overlay(pixels, np.full((64, 64), 0.8), 0.8)
    below = cv2.cvtColor(shown, cv2.COLOR_RGB2GRAY).ravel()
    assert np.corrcoef(grey, below)[0, 1] > 0.99
    assert below.std() > 0.4 * grey.std()


def test_a_signed_overlay_shows_both_signs() -> None:
    pixels = np.full((1, 2, 3), 128, dtype=np.uint8)
    against, in_favour = heat_overlay(pixels, [[-1.0, 1.0]], 1.0, "RdBu_r")[0].astype(int)
    assert against[2] > against[0]
    assert in_favour[0] > in_favour[2]


def test_the_bar_has_the_largest_value_on_top_and_absolute_ticks() -> None:
    bar = colour_bar(0.1, 0.3, "viridis", height=101, width=7)
    assert bar.picture.shape == (101, 7, 3)
    assert np.array_equal(bar.picture[[0, -1], 3], colour_map([[1.0, 0.0]])[0])
    assert [label for _, _, label in bar.ticks] == ["0.3", "0.25", "0.2", "0.15", "0.1"]
    assert [row for row, _, _ in bar.ticks] == [0, 25, 50, 75, 100]
    assert [value for _, value, _ in bar.ticks] == pytest.approx([0.3, 0.25, 0.2, 0.15, 0.1])


def test_a_flat_bar_has_one_tick() -> None:
    assert [label for _, _, label in colour_bar(0.02, 0.02).ticks] == ["0.02"]


@pytest.mark.parametrize("name", ["jet", "viridi", "RdBu_r"])
def test_rainbows_and_signed_maps_are_no_plain_colour_maps(name: str) -> None:
    with pytest.raises(UnknownNameError, match=name):
        colour_map(VALUES, name)


def test_a_plain_map_is_no_signed_one() -> None:
    with pytest.raises(UnknownNameError, match="signed"):
        signed_colour_map(VALUES, "viridis")
    with pytest.raises(UnknownNameError, match="jet"):
        colour_bar(0, 1, "jet")


@pytest.mark.parametrize("bad", [[[1.5]], [[-0.1]], [[np.nan]], [0.5], np.zeros((0, 3))])
def test_maps_out_of_range_are_refused(bad: object) -> None:
    with pytest.raises(FocusError, match="map"):
        colour_map(bad)


def test_sizes_opacity_and_bars_are_checked() -> None:
    pixels = np.zeros((2, 2, 3), dtype=np.uint8)
    with pytest.raises(FocusError, match="fit"):
        heat_overlay(pixels, np.zeros((2, 3)))
    with pytest.raises(FocusError, match="Opacity"):
        heat_overlay(pixels, np.zeros((2, 2)), 1.1)
    with pytest.raises(FocusError, match="upwards"):
        colour_bar(1.0, 0.0)
    with pytest.raises(FocusError, match="small"):
        colour_bar(0.0, 1.0, height=1)
