from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attnviz.errors import FocusError
from attnviz.pictures.geometry import Fit, PictureGeometry, fit_picture
from attnviz.render.focus import (
    Edges,
    FocusMap,
    FocusSettings,
    Scale,
    focus_map,
    is_flat,
    sharp_share,
)

SAME = PictureGeometry((2, 3), (0.0, 0.0, 2.0, 3.0), (2, 3))
GRID = np.array([[0.0, 0.1, 0.2], [0.3, 0.4, -0.5]])
# Half sharp in the middle, and a transition over the whole range.
WIDE = {"threshold": 0.5, "softness": 1.0}


def _smooth(t: np.ndarray) -> np.ndarray:
    return t * t * (3 - 2 * t)


def test_a_layer_is_stretched_between_its_own_extremes() -> None:
    focus = focus_map(GRID, SAME, FocusSettings(**WIDE), layer="block 3")
    share = np.array([[0, 0.25, 0.5], [0.75, 1, 0]])  # evidence against counts as none
    assert focus.values == pytest.approx(_smooth(share), abs=1e-5)
    assert (focus.low, focus.high) == pytest.approx((0.0, 0.4))
    assert (focus.flat, focus.scale, focus.layer) == (False, Scale.LAYER, "block 3")


def test_a_layer_above_zero_starts_at_its_smallest_value() -> None:
    focus = focus_map(GRID.clip(0) + 1, SAME, FocusSettings(**WIDE))
    assert (focus.low, focus.high) == pytest.approx((1.0, 1.4))
    assert focus.values[0, 2] == pytest.approx(0.5, abs=1e-5)


def test_absolute_values_stay() -> None:
    focus = focus_map(GRID, SAME, FocusSettings(**WIDE, scale=Scale.ABSOLUTE))
    assert focus.values == pytest.approx(_smooth(GRID.clip(0)), abs=1e-5)
    assert (focus.low, focus.high) == (0.0, 1.0)
    beyond = focus_map(GRID * 10, SAME, FocusSettings(**WIDE, scale=Scale.ABSOLUTE))
    assert beyond.values[1, 1] == 1.0


def test_all_layers_share_one_range() -> None:
    settings = FocusSettings(**WIDE, scale=Scale.ALL_LAYERS)
    focus = focus_map(GRID, SAME, settings, value_range=(-0.5, 0.8))
    assert (focus.low, focus.high) == (0.0, 0.8)
    assert focus.values[1, 1] == pytest.approx(0.5, abs=1e-5)
    twice = focus_map(GRID * 2, SAME, settings, value_range=(-0.5, 0.8))
    assert (twice.values >= focus.values).all()
    assert twice.values[1, 1] == pytest.approx(1.0)


def test_the_map_before_the_threshold_is_kept_for_colours() -> None:
    focus = focus_map(GRID, SAME, FocusSettings(threshold=0.9, softness=0.1))
    assert focus.scaled == pytest.approx(GRID.clip(0) / 0.4, abs=1e-5)
    assert focus.values[0, 2] == 0
    with pytest.raises(ValueError, match="read-only"):
        focus.scaled[0, 0] = 1


def test_a_focus_can_be_resized_with_its_picture() -> None:
    focus = focus_map(np.eye(4), fit_picture((64, 96), 32, Fit.SQUASH), layer="last")
    small = focus.resized((32, 48))
    assert small.values == pytest.approx(
        focus.values.reshape(32, 2, 48, 2).mean(axis=(1, 3)), abs=1e-5
    )
    assert small.scaled.shape == (32, 48)
    assert (small.low, small.high, small.layer) == (focus.low, focus.high, "last")
    assert focus.resized((64, 96)) is focus


def test_threshold_and_softness_by_hand() -> None:
    focus = focus_map(GRID, SAME, FocusSettings(threshold=0.6, softness=0.4))
    # The transition runs from 0.4 to 0.8: shares 0.5 and 0.75 lie at 1/4 and 7/8 of it.
    t = np.array([[0, 0, 0.25], [0.875, 1, 0]])
    assert focus.values == pytest.approx(_smooth(t), abs=1e-4)


def test_a_higher_threshold_leaves_less_sharp() -> None:
    grid = np.random.default_rng(0).random((9, 9))
    geometry = fit_picture((90, 120), 64, Fit.SQUASH)
    shares = [
        sharp_share(focus_map(grid, geometry, FocusSettings(threshold=t))) for t in (0.2, 0.5, 0.8)
    ]
    assert 1 > shares[0] > shares[1] > shares[2] > 0


@pytest.mark.parametrize("grid", [np.zeros((4, 4)), np.full((4, 4), 0.3), -np.ones((4, 4))])
def test_a_map_without_differences_is_flat(grid: np.ndarray) -> None:
    focus = focus_map(grid, SAME)
    assert focus.flat
    assert (focus.values == 0.5).all()


def test_noise_is_never_stretched_to_a_focus() -> None:
    noise = 1 + 0.009 * np.random.default_rng(1).uniform(-1, 1, (14, 14))
    geometry = fit_picture((100, 100), 64, Fit.SQUASH)
    focus = focus_map(noise, geometry)
    assert focus.flat
    assert np.ptp(focus.values) == 0
    assert (focus.low, focus.high) == pytest.approx((noise.min(), noise.max()))
    # Ten times as much is no longer flat.
    assert not focus_map(1 + 10 * (noise - 1), geometry).flat


def test_the_limit_of_flat_is_two_percent() -> None:
    assert is_flat([[1.0, 0.981]])
    assert not is_flat([[1.0, 0.979]])
    assert is_flat([[0.0, 0.0]])


def test_a_flat_map_on_a_fixed_scale_keeps_its_level() -> None:
    settings = FocusSettings(**WIDE, scale=Scale.ABSOLUTE)
    focus = focus_map(np.full((3, 3), 0.9), SAME, settings)
    assert focus.flat
    assert focus.values == pytest.approx(_smooth(np.array(0.9)), abs=1e-5)
    settings = FocusSettings(**WIDE, scale=Scale.ALL_LAYERS)
    low = focus_map(np.full((3, 3), 0.2), SAME, settings, value_range=(0.2, 1.0))
    assert np.abs(low.values).max() < 1e-6
    alone = focus_map(np.full((3, 3), 0.2), SAME, settings, value_range=(0.2, 0.2))
    assert (alone.values == 0.5).all()


def test_what_the_network_did_not_see_is_out_of_focus() -> None:
    geometry = fit_picture((40, 80), 32, Fit.CROP)
    grid = 1 + np.random.default_rng(2).random((4, 4))
    for scale in (Scale.LAYER, Scale.ABSOLUTE):
        values = focus_map(grid, geometry, FocusSettings(scale=scale)).values
        assert (values[:, :20] == 0).all()
        assert (values[:, 60:] == 0).all()
        assert values[:, 20:60].max() > 0.5


def test_the_focus_lies_where_the_map_is_large() -> None:
    grid = np.zeros((7, 7))
    grid[1, 5] = 3.0
    values = focus_map(grid, fit_picture((70, 140), 64, Fit.WHOLE)).values
    assert np.unravel_index(values.argmax(), values.shape) == pytest.approx((15, 110), abs=6)


def _half(at: int) -> np.ndarray:
    pixels = np.zeros((64, 64, 3), dtype=np.uint8)
    pixels[:, at:] = (240, 180, 60)
    return pixels


def test_the_focus_can_snap_to_the_object() -> None:
    grid = np.zeros((8, 8))
    grid[:, 4:] = 1  # the grid's own edge lies at column 32
    geometry = fit_picture((64, 64), 64, Fit.SQUASH)
    soft = FocusSettings(threshold=0.5, softness=0.35)
    plain = focus_map(grid, geometry, soft)
    snapped = focus_map(grid, geometry, replace(soft, edges=Edges.OBJECT), pixels=_half(34))
    assert snapped.values[32, 34] - snapped.values[32, 33] > 0.9
    assert plain.values[32, 34] - plain.values[32, 33] < 0.5
    assert snapped.values.min() >= 0
    assert snapped.values.max() <= 1
    # The map itself, for colours and numbers, is the network's and stays as it is.
    assert (snapped.scaled == plain.scaled).all()


def test_an_object_stays_as_weak_as_its_layer_is_on_the_scale_of_all() -> None:
    grid = np.zeros((8, 8))
    grid[:, 4:] = 0.2
    geometry = fit_picture((64, 64), 64, Fit.SQUASH)
    settings = FocusSettings(**WIDE, scale=Scale.ALL_LAYERS, edges=Edges.OBJECT)
    values = focus_map(grid, geometry, settings, value_range=(0.0, 1.0), pixels=_half(36)).values
    assert values[:, 44:] == pytest.approx(_smooth(np.array(0.2)), abs=1e-3)
    assert values[:, :28] == pytest.approx(0, abs=1e-3)


def test_an_object_ends_where_the_network_saw_nothing() -> None:
    geometry = fit_picture((64, 128), 32, Fit.CROP)  # columns 32 to 96
    grid = np.zeros((8, 8))
    grid[:, 4:] = 1
    pixels = np.concatenate([_half(60), np.full((64, 64, 3), (240, 180, 60), np.uint8)], axis=1)
    values = focus_map(grid, geometry, FocusSettings(edges="object"), pixels=pixels).values
    assert values[:, 70:90].min() > 0.9
    assert (values[:, 96:] == 0).all()


def test_a_flat_map_has_no_object_either() -> None:
    settings = FocusSettings(edges=Edges.OBJECT)
    focus = focus_map(np.full((8, 8), 0.3), fit_picture((64, 64), 64, Fit.SQUASH), settings)
    assert focus.flat
    assert (focus.values == 0.5).all()


def test_values_cannot_be_changed() -> None:
    focus = focus_map(GRID, SAME)
    with pytest.raises(ValueError, match="read-only"):
        focus.values[0, 0] = 1


def test_sharp_share_counts_what_is_above_one_half() -> None:
    values = np.array([[0.5, 0.51], [1.0, 0.0]], dtype=np.float32)
    assert sharp_share(values) == 0.5
    assert sharp_share(FocusMap(values, values, 0.0, 1.0, False, Scale.LAYER)) == 0.5


@pytest.mark.parametrize(
    "bad",
    [
        {"threshold": -0.1},
        {"threshold": 1.1},
        {"softness": 0.0},
        {"softness": 1.5},
        {"scale": "x"},
        {"edges": "x"},
    ],
)
def test_settings_out_of_range_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(FocusError):
        FocusSettings(**bad)


def test_scale_and_edges_can_be_given_by_name() -> None:
    assert FocusSettings(scale="absolute").scale is Scale.ABSOLUTE
    assert FocusSettings(edges="object").edges is Edges.OBJECT


@pytest.mark.parametrize("value_range", [None, (0.5, 0.1), (0.0, np.inf), (0.2, 0.2)])
def test_all_layers_need_their_range(value_range: tuple[float, float] | None) -> None:
    with pytest.raises(FocusError, match="range"):
        focus_map(GRID, SAME, FocusSettings(scale=Scale.ALL_LAYERS), value_range=value_range)


def test_edges_need_the_picture_and_maps_need_two_dimensions() -> None:
    with pytest.raises(FocusError, match="pixels"):
        focus_map(GRID, SAME, FocusSettings(edges=Edges.OBJECT))
    with pytest.raises(FocusError, match="h, w"):
        focus_map(GRID[0], SAME)
    with pytest.raises(FocusError, match="NaN"):
        focus_map(GRID * np.nan, SAME)
