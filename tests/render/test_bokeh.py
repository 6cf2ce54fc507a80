"""Parameters, odd pictures, errors, and lights."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.errors import FocusError, UnknownNameError
from attnviz.render.aperture import Aperture
from attnviz.render.bokeh import bokeh
from attnviz.render.disc_blur import Sources, spread_weight
from attnviz.render.disc_mix import steps_for
from attnviz.render.lens import Lens
from attnviz.render.surfaces import find_edge, source_levels
from benchmarks.reference_bokeh import own_radius_gather, psnr, soft_focus, textured


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (1, 9), (7, 1), (3, 2000), (2000, 3), (33, 47)])
@pytest.mark.parametrize("radius", [0.4, 3, 24, 60])
def test_tiny_and_thin_pictures(shape: tuple[int, int], radius: float) -> None:
    pixels = textured(*shape, seed=5, lights=0)
    shown = bokeh(pixels, np.zeros(shape), radius)
    assert shown.shape == pixels.shape
    assert shown.dtype == np.uint8
    # Borders reflect: a blur of any reach stays among the colours that are there.
    assert (shown >= pixels.min(axis=(0, 1)) - 1.0).all()
    assert (shown <= pixels.max(axis=(0, 1)) + 1.0).all()


def test_a_single_pixel_is_its_own_blur() -> None:
    pixels = np.array([[[10, 200, 90]]], dtype=np.uint8)
    assert np.array_equal(bokeh(pixels, np.zeros((1, 1)), 24), pixels)


def test_borders_reflect_as_in_the_reference() -> None:
    pixels, focus = textured(30, 40, seed=6, lights=0), np.zeros((30, 40))
    assert psnr(bokeh(pixels, focus, 10), own_radius_gather(pixels, np.full((30, 40), 10.0))) > 45


def test_radius_zero_gives_a_copy() -> None:
    pixels = textured(20, 20)
    shown = bokeh(pixels, np.zeros((20, 20)), 0)
    assert np.array_equal(shown, pixels)
    assert not np.shares_memory(shown, pixels)


def test_arguments_stay_as_they_were() -> None:
    pixels, focus = textured(60, 60), soft_focus(60, 60)
    before = pixels.copy(), focus.copy()
    bokeh(pixels, focus, 12, highlights=2)
    assert np.array_equal(pixels, before[0])
    assert np.array_equal(focus, before[1])


def test_views_and_other_float_types_work() -> None:
    pixels, focus = textured(60, 80), soft_focus(60, 80)
    want = bokeh(np.ascontiguousarray(pixels[::2, ::-1]), focus[::2, ::-1].copy(), 6)
    assert np.array_equal(bokeh(pixels[::2, ::-1], focus[::2, ::-1].astype(np.float64), 6), want)


def test_a_gap_within_the_focus_is_never_black() -> None:
    pixels = np.full((80, 80, 3), 180, dtype=np.uint8)
    focus = np.ones((80, 80), dtype=np.float32)
    focus[40:42] = 0
    assert np.abs(bokeh(pixels, focus, 12).astype(int) - 180).max() <= 1


def test_a_sharper_pixel_spreads_less_into_a_blurrier_one() -> None:
    source = np.array([[0.0, 1.0, 2.0, 3.0, 4.0, 8.0]], dtype=np.float32)
    assert spread_weight(source, 4.0)[0].tolist() == pytest.approx([5e-4, 5e-4, 0.5, 1, 1, 1])


def test_reducing_takes_colour_and_level_from_the_blurred_side() -> None:
    """One coarse pixel with one fine pixel of the surround: it speaks for a quarter of the area."""
    light = np.zeros((3, 2, 2), dtype=np.float32)
    light[0] = [[0.9, 1.0], [1.0, 1.0]]
    light[0, 0, 0] = 0.2
    levels = np.array([[8.0, 0.0], [0.0, 0.0]], dtype=np.float32)
    coarse = Sources(light, levels).reduced(2)
    assert coarse.light[:, 0, 0] == pytest.approx([0.2, 0, 0], abs=1e-3)
    assert coarse.levels[0, 0] == pytest.approx(8.0, abs=0.01)
    assert coarse.area is not None
    assert coarse.area[0, 0] == pytest.approx(0.25, abs=1e-3)


def test_an_edge_is_a_mixture_and_a_soft_field_is_not() -> None:
    ramp = np.zeros((9, 40), dtype=np.float32)
    ramp[:, 19], ramp[:, 20], ramp[:, 21:] = 0.25, 0.75, 1
    edge = find_edge(ramp)
    assert sorted(set((edge.where % 40).tolist())) == [19, 20]
    assert sorted(set(edge.cover.tolist())) == [0.25, 0.75]
    assert np.all(edge.front == 1)
    assert np.all(edge.back == 0)
    soft = np.repeat(np.linspace(0, 1, 40, dtype=np.float32)[None], 9, axis=0)
    assert find_edge(soft).where.size == 0
    levels = 8 * (1 - ramp)
    assert source_levels(levels, edge)[4, [17, 18, 19, 20, 25]].tolist() == [8, 0, 0, 0, 0]


def test_only_levels_that_matter_are_blurred() -> None:
    lens = Lens(24.0, 1.0, Aperture.DISC, 0.0)
    assert steps_for(lens, lens.levels(np.array([[0.0, 1.0]], dtype=np.float32))) == [(7.0, 8.0)]
    between = lens.levels(np.array([[0.45]], dtype=np.float32))  # level 4.4
    assert steps_for(lens, between) == [(3.0, 4.0), (4.0, 5.0)]
    near = lens.levels(np.array([[0.95]], dtype=np.float32))  # level 0.4
    assert steps_for(lens, near) == [(0.0, 0.5), (0.5, 1.0)]


@pytest.mark.parametrize(
    ("radius", "count"), [(0.5, 1), (3, 3), (8, 8), (24, 8), (48, 12), (400, 16)]
)
def test_discs_lie_neither_too_close_nor_too_far_apart(radius: float, count: int) -> None:
    lens = Lens(radius, 1.0, Aperture.DISC, 0.0)
    assert lens.count == count
    assert lens.step * lens.count == pytest.approx(radius)


def test_highlights_brighten_lights_of_the_surround_alone() -> None:
    pixels = np.full((81, 81, 3), 40, dtype=np.uint8)
    pixels[40, 20], pixels[40, 60] = 255, 255
    focus = np.zeros((81, 81), dtype=np.float32)
    focus[20:61, 45:76] = 1
    plain, bloomed = bokeh(pixels, focus, 8), bokeh(pixels, focus, 8, highlights=8)
    assert int(bloomed[40, 20, 0]) > int(plain[40, 20, 0]) + 20
    assert np.array_equal(bloomed[focus == 1], pixels[focus == 1])
    dim = np.where(pixels == 255, 200, pixels).astype(np.uint8)  # below 0.85: nothing is clipped
    assert np.array_equal(bokeh(dim, focus, 8, highlights=8), bokeh(dim, focus, 8))


def test_highlights_multiply_by_one_more_than_their_strength() -> None:
    """White lights keep s = 1, so the disc's light above black is (1 + k) times as strong."""
    pixels = np.zeros((61, 61, 3), dtype=np.uint8)
    pixels[29:32, 29:32] = 255
    focus = np.zeros((61, 61))
    plain = bokeh(pixels, focus, 8)[30, 30, 0] / 255
    bloomed = bokeh(pixels, focus, 8, highlights=3)[30, 30, 0] / 255
    assert ((bloomed + 0.055) / (plain + 0.055)) ** 2.4 == pytest.approx(4.0, rel=0.05)


PIXELS, FOCUS = textured(8, 9), np.zeros((8, 9))


@pytest.mark.parametrize(
    ("pixels", "focus", "message"),
    [
        (PIXELS, np.zeros((9, 8)), "size"),
        (PIXELS, np.zeros((8, 9, 1)), "size"),
        (PIXELS, np.full((8, 9), np.nan), "0..1"),
        (PIXELS, np.full((8, 9), 1.1), "0..1"),
        (PIXELS, np.full((8, 9), -0.1), "0..1"),
        (PIXELS.astype(np.float32), FOCUS, "uint8"),
        (PIXELS[..., 0], FOCUS, "H, W, 3"),
        (np.zeros((0, 9, 3), dtype=np.uint8), np.zeros((0, 9)), "H, W, 3"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(
    pixels: np.ndarray, focus: np.ndarray, message: str
) -> None:
    with pytest.raises(FocusError, match=message):
        bokeh(pixels, focus)


@pytest.mark.parametrize(
    ("name", "value"),
    [("radius", -1), ("radius", float("nan")), ("radius", 1e6), ("gamma", 0), ("highlights", -1)],
)
def test_parameters_out_of_range_are_refused(name: str, value: float) -> None:
    with pytest.raises(FocusError, match=name):
        bokeh(PIXELS, FOCUS, **{name: value})


def test_an_unknown_aperture_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="aperture"):
        bokeh(PIXELS, FOCUS, aperture="star")


def test_a_mask_beyond_one_by_rounding_is_meant() -> None:
    assert np.array_equal(bokeh(PIXELS, np.full((8, 9), 1 + 1e-7)), PIXELS)
