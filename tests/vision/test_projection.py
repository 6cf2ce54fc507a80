"""Where places fall on the retina, by hand; and the photograph of one, measured."""

from __future__ import annotations

import math

import numpy as np
import pytest

from attnviz.pictures import samples
from attnviz.vision.fundus import FUNDUS, fundus_photo
from attnviz.vision.projection import OPTIC_DISC, RetinalPosition, retinal_position, zone_of
from attnviz.vision.retina import ViewingGeometry

LOOK = ViewingGeometry(40.0)


def test_the_lens_turns_the_picture_upside_down_and_left_to_right() -> None:
    upper_left = retinal_position(-100, -200, LOOK)
    assert upper_left.right > 0 > upper_left.up
    assert upper_left.right / -upper_left.up == pytest.approx(2)
    # 1 cm off at 57 cm: the angle is the same on both sides of the lens
    screen = ViewingGeometry.of_screen(distance_cm=57, width_cm=10, width_px=1000)
    place = retinal_position(0, 100, screen)
    assert place.eccentricity == pytest.approx(math.degrees(math.atan(1 / 57)))
    assert place == (-place.eccentricity, 0)
    assert place.millimetres == pytest.approx(0.29, abs=0.005)
    assert retinal_position(0, 0, LOOK) == (0, 0)


def test_zones_from_the_middle_outward() -> None:
    def at(angle: float) -> str:
        return zone_of(retinal_position(-LOOK.pixels(angle), 0, LOOK))

    found = [at(angle) for angle in (0.4, 2.4, 3.9, 8.4, 8.6)]
    assert found == ["foveola", "fovea", "parafovea", "macula", "beyond the macula"]


def test_the_left_eyes_blind_spot_is_left_of_the_gaze_and_a_little_below() -> None:
    away = LOOK.pixels(15.5)
    assert zone_of(retinal_position(LOOK.pixels(1.5), -away, LOOK)) == "blind spot"
    assert zone_of(retinal_position(0, away, LOOK)) == "beyond the macula"
    edge = RetinalPosition(OPTIC_DISC.right + OPTIC_DISC.width / 2, OPTIC_DISC.up)
    assert OPTIC_DISC.contains(RetinalPosition(edge.right - 0.01, edge.up))
    assert not OPTIC_DISC.contains(RetinalPosition(edge.right + 0.01, edge.up))


def test_the_photographed_retina_has_the_places_that_were_read_off_it() -> None:
    photo = fundus_photo()
    assert photo is not None
    assert photo.pixels.shape == (FUNDUS.side, FUNDUS.side, 3)
    pixels = photo.pixels.astype(float)
    y, x = np.mgrid[: FUNDUS.side, : FUNDUS.side] + 0.5

    def within(centre: tuple[float, float], radius: float) -> np.ndarray:
        return np.asarray(np.hypot(y - centre[0], x - centre[1]) < radius)

    field = within((FUNDUS.side / 2, FUNDUS.side / 2), FUNDUS.radius - 8)
    assert pixels[field].max(-1).min() > 60
    assert (
        pixels[~within((FUNDUS.side / 2, FUNDUS.side / 2), FUNDUS.radius + 90)].max(-1).mean() < 8
    )
    green = pixels[..., 1]
    one = FUNDUS.pixels_per_degree
    # The fovea is the darkest part of the macula, and the optic disc the brightest of all.
    around = within(FUNDUS.fovea, 8.5 * one) & ~within(FUNDUS.fovea, 2 * one)
    assert green[within(FUNDUS.fovea, one)].mean() < 0.75 * green[around].mean()
    assert green[within(FUNDUS.disc, 2 * one)].mean() > 1.6 * green[field].mean()
    dark = np.where(around | within(FUNDUS.fovea, 2 * one), green, 255)
    low = np.argwhere((dark < np.percentile(dark[around], 1)) & within(FUNDUS.fovea, 3 * one))
    assert np.hypot(*(low.mean(0) - FUNDUS.fovea)) < one
    assert 2 * FUNDUS.radius / one == pytest.approx(43.3, abs=0.1)  # cameras take about 45
    assert FUNDUS.disc_size[0] / one == pytest.approx(6.1, abs=0.1)
    assert (FUNDUS.fovea[0] - FUNDUS.disc[0]) / one == pytest.approx(OPTIC_DISC.up, abs=0.2)


def test_without_its_file_there_is_no_photograph(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "_find", lambda *_: None)
    assert fundus_photo() is None
