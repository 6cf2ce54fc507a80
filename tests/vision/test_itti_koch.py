"""The odd one out pops out, whichever feature makes it odd."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from attnviz.vision.itti_koch import conspicuity, itti_koch, normalise_map

RED, GREEN, BLUE, YELLOW = (200, 40, 40), (40, 200, 40), (40, 40, 220), (200, 200, 40)


def bars(
    odd: tuple[int, int],
    colours: tuple[tuple[int, int, int], tuple[int, int, int]],
    angles: tuple[int, int] = (90, 90),
    ground: int = 90,
) -> np.ndarray:
    """Six rows of eight bars on 480 x 640; the one at `odd` has the second colour and angle."""
    pixels = np.full((480, 640, 3), ground, np.uint8)
    for row in range(6):
        for column in range(8):
            which = int((row, column) == odd)
            x, y = 40 + 80 * column, 40 + 80 * row
            turned = np.radians(angles[which])
            dx, dy = round(22 * np.cos(turned)), round(22 * np.sin(turned))
            cv2.line(pixels, (x - dx, y + dy), (x + dx, y - dy), colours[which], 9)
    return pixels


def peak_cell(values: np.ndarray) -> tuple[int, int]:
    row, column = np.unravel_index(values.argmax(), values.shape)
    return int(row * 480 / values.shape[0]) // 80, int(column * 640 / values.shape[1]) // 80


ODD_ONES = {
    "red among green": bars((1, 5), (GREEN, RED)),
    "green among red": bars((4, 2), (RED, GREEN)),
    "blue among yellow": bars((3, 6), (YELLOW, BLUE)),
    "yellow among blue": bars((2, 1), (BLUE, YELLOW)),
    "bright among dim": bars((4, 5), ((120,) * 3, (250,) * 3)),
    "dark among dim": bars((2, 6), ((120,) * 3, (0,) * 3)),
    "slanted among upright": bars((1, 2), ((200,) * 3, (200,) * 3), (90, 45)),
    "level among upright": bars((3, 3), ((200,) * 3, (200,) * 3), (90, 0)),
}
PLACES = [(1, 5), (4, 2), (3, 6), (2, 1), (4, 5), (2, 6), (1, 2), (3, 3)]


@pytest.mark.parametrize(("name", "place"), list(zip(ODD_ONES, PLACES, strict=True)))
def test_the_odd_one_out_is_most_salient(name: str, place: tuple[int, int]) -> None:
    saliency = itti_koch(ODD_ONES[name])
    assert saliency.shape == (480, 640)
    assert saliency.dtype == np.float32
    assert 0 <= saliency.min() <= saliency.max() <= 1
    assert peak_cell(saliency) == place


def test_each_feature_finds_its_own_odd_one() -> None:
    colour = conspicuity(ODD_ONES["red among green"])
    assert peak_cell(colour.colour) == (1, 5)
    slanted = conspicuity(ODD_ONES["slanted among upright"])
    assert peak_cell(slanted.orientation) == (1, 2)
    assert slanted.colour.max() == 0  # grey bars on grey


def test_there_are_42_maps_of_the_papers_scales() -> None:
    found = conspicuity(ODD_ONES["red among green"]).features
    assert len(found) == 42
    names = [name for name, _, _ in found]
    assert [names.count(one) for one in ("intensity", "red-green", "blue-yellow")] == [6, 6, 6]
    assert {s - c for _, c, s in found} == {3, 4}
    assert {values.shape for (_, c, _), values in found.items() if c == 3} == {(60, 80)}


def test_an_even_coloured_picture_has_no_salient_place() -> None:
    for colour in ((200, 30, 30), (0, 0, 0), (255, 255, 255)):
        assert itti_koch(np.full((200, 300, 3), colour, np.uint8)).max() == 0


def test_a_large_even_red_half_stands_out_at_its_edge_only() -> None:
    pixels = np.full((480, 640, 3), 120, np.uint8)
    pixels[:, 320:] = RED
    found = conspicuity(pixels).features["red-green", 2, 5]
    assert found[:, 80:84].mean() > 5 * found[:, 150:].mean()


def test_orientation_maps_know_their_own_angle() -> None:
    pixels = bars((0, 0), ((220,) * 3, (220,) * 3), (90, 90))
    energy = {
        angle: conspicuity(pixels).features[angle, 2, 5].sum() for angle in ("0", "45", "90", "135")
    }
    assert max(energy, key=lambda angle: energy[angle]) == "90"
    assert energy["45"] == pytest.approx(energy["135"], rel=0.05)


def test_n_by_hand() -> None:
    values = np.zeros((9, 9), np.float32)
    values[1, 1], values[5, 5], values[1, 7] = 4, 2, 1
    # peaks 1, 1/2 and 1/4 of the highest: the others' mean is 3/8
    np.testing.assert_allclose(normalise_map(values), values / 4 * (1 - 3 / 8) ** 2, rtol=1e-6)
    values[5, 5] = values[1, 7] = 4
    assert normalise_map(values).max() == 0  # three alike
    alone = np.zeros((9, 9), np.float32)
    alone[4, 4:6] = 3  # a plateau is one peak
    np.testing.assert_allclose(normalise_map(alone), alone / 3)


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (700, 20)])
def test_any_size_works(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (*size, 3)).astype(np.uint8)
    saliency = itti_koch(pixels)
    assert saliency.shape == size
    assert np.isfinite(saliency).all()
