"""Bubbles by hand: how a picture is opened, and where maps and chance have theirs."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.errors import VisionError
from attnviz.render.linear_light import linear_to_srgb
from attnviz.vision.bubbleview.bubbles import (
    BubbleCentre,
    blur_picture,
    bubble_radius,
    check_size,
    grid_cells,
    open_bubble,
    peak_bubbles,
    random_bubbles,
)


def test_the_blur_mixes_light_and_not_codes() -> None:
    """Across the edge of black and white the middle gets half the light, which is code 188."""
    pixels = np.zeros((60, 200, 3), np.uint8)
    pixels[:, 100:] = 255
    soft = blur_picture(pixels)
    assert abs(int(soft[30, 99:101].mean()) - round(255 * float(linear_to_srgb(0.5)))) <= 3
    assert soft[30, 80, 0] == pytest.approx(255 * linear_to_srgb(0.0256), abs=3)  # 1.95 sigma
    even = np.full((50, 70, 3), 93, np.uint8)
    np.testing.assert_array_equal(blur_picture(even), even)


def test_blur_and_bubble_are_in_proportion_to_the_width() -> None:
    random = np.random.default_rng(0)
    small = random.integers(0, 255, (60, 80, 3)).astype(np.uint8)
    large = small.repeat(4, 0).repeat(4, 1)
    apart = blur_picture(large)[2::4, 2::4].astype(int) - blur_picture(small)
    assert np.abs(apart).mean() < 3
    assert bubble_radius((480, 640)) == 32
    assert bubble_radius((1280, 640)) == 32


def test_a_bubble_is_sharp_inside_and_fades_over_two_pixels() -> None:
    sharp, soft = np.full((100, 200, 3), 255, np.uint8), np.zeros((100, 200, 3), np.uint8)
    shown = open_bubble(soft, sharp, BubbleCentre(0.5, 0.25))[..., 0]  # radius 10 around (50, 50)
    y, x = np.mgrid[:100, :200] + 0.5
    distance = np.hypot(y - 50, x - 50)
    assert (shown[distance <= 9] == 255).all()
    assert (shown[distance >= 11] == 0).all()
    edge = (distance > 9) & (distance < 11)
    np.testing.assert_allclose(shown[edge], 255 * (11 - distance[edge]) / 2, atol=0.51)
    assert not soft.any()


def test_bubbles_stay_open_and_all_of_them_give_the_picture_back() -> None:
    sharp = np.random.default_rng(1).integers(0, 255, (60, 80, 3)).astype(np.uint8)
    shown = soft = blur_picture(sharp)
    first = open_bubble(soft, sharp, BubbleCentre(0.2, 0.2))
    np.testing.assert_array_equal(
        open_bubble(first, sharp, BubbleCentre(0.9, 0.9))[:20], first[:20]
    )
    for y in np.arange(0.01, 1, 0.03):
        for x in np.arange(0.01, 1, 0.03):
            shown = open_bubble(shown, sharp, BubbleCentre(float(y), float(x)))
    np.testing.assert_array_equal(shown, sharp)


@pytest.mark.parametrize(
    "place",
    [BubbleCentre(0, 0), BubbleCentre(0.999, 0.999), BubbleCentre(0.5, 0), BubbleCentre(3, -2)],
)
def test_a_bubble_at_the_edge_is_cut_off_there(place: BubbleCentre) -> None:
    sharp, soft = np.full((40, 60, 3), 255, np.uint8), np.zeros((40, 60, 3), np.uint8)
    count = int((open_bubble(soft, sharp, place)[..., 0] == 255).sum())
    whole = int((open_bubble(soft, sharp, BubbleCentre(0.5, 0.5))[..., 0] == 255).sum())
    if place == BubbleCentre(3, -2):
        assert count == 0
    else:
        share = 2 if place.y == 0.5 else 4
        assert whole / share * 0.6 < count < whole / share * 1.5


def test_a_map_has_its_bubbles_at_its_peaks_in_order_each_once() -> None:
    y, x = np.mgrid[:120, :160] + 0.5
    peaks = [(30.0, 40.0, 1.0), (90.0, 120.0, 0.8), (30.0, 130.0, 0.6)]
    values = sum(
        height * np.exp(-((y - row) ** 2 + (x - column) ** 2) / 50) for row, column, height in peaks
    )
    places = peak_bubbles(values, 3)
    for place, (row, column, _) in zip(places, peaks, strict=True):
        assert place.y * 120 == pytest.approx(row, abs=0.6)
        assert place.x * 160 == pytest.approx(column, abs=0.6)
    many = peak_bubbles(values, 15)
    assert len(many) == 15
    assert len(set(many)) == 15
    middles = np.asarray([(one.y * 120, one.x * 160) for one in many])
    apart = np.linalg.norm(middles[:, None] - middles[None], axis=2)[~np.eye(15, dtype=bool)]
    assert apart.min() > 3, "no place is taken twice"
    with pytest.raises(VisionError, match="same value everywhere"):
        peak_bubbles(np.full((20, 20), 0.7), 3)


def test_chance_is_anywhere_and_the_same_each_time() -> None:
    places = np.asarray(random_bubbles(4000, 3))
    assert (places >= 0).all()
    assert (places < 1).all()
    np.testing.assert_allclose(places.mean(0), 0.5, atol=0.02)
    assert random_bubbles(5, 1) == random_bubbles(5, 1) != random_bubbles(5, 2)


def test_places_fall_into_cells() -> None:
    rows, columns = grid_cells(
        [BubbleCentre(0, 0), BubbleCentre(0.5, 0.999), BubbleCentre(1, 1)], (10, 20)
    )
    assert rows.tolist() == [0, 5, 9]
    assert columns.tolist() == [0, 19, 19]
    assert len(grid_cells([], (10, 20))[0]) == 0


def test_a_tiny_picture_is_refused_in_words() -> None:
    check_size(np.zeros((40, 40, 3), np.uint8))
    with pytest.raises(VisionError, match="39 x 500 pixels"):
        check_size(np.zeros((500, 39, 3), np.uint8))
