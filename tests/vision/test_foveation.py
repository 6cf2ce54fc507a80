"""What the eye lets through, against gratings whose loss is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from attnviz.errors import VisionError
from attnviz.vision.foveation import foveate, foveate_light
from attnviz.vision.retina import ZONES, Retina, ViewingGeometry

LOOK = ViewingGeometry(35.0)


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


def test_the_finest_visible_grating_by_hand() -> None:
    retina = Retina()
    best = math.log(64) / 0.106
    assert retina.finest(0.0) == pytest.approx(best) == pytest.approx(39.2, abs=0.05)
    np.testing.assert_allclose(retina.finest([2.3, 5, 10, 20]), [best / 2, 12.36, 7.34, 4.05], 2e-3)
    assert Retina(least_contrast=1 / 75).finest(0.0) == pytest.approx(40.7, abs=0.05)
    angles = np.asarray([0.0, 3.0, 17.0])
    np.testing.assert_allclose(retina.threshold(retina.finest(angles), angles), 1)
    np.testing.assert_allclose(retina.threshold(0.0, angles), 1 / 64)
    np.testing.assert_allclose(Retina(coarser=4).finest(angles), retina.finest(angles) / 4)


def test_degrees_on_the_screen_by_hand() -> None:
    screen = ViewingGeometry.of_screen(distance_cm=57, width_cm=1024 / 37.8, width_px=1024)
    assert screen.pixels_per_degree == pytest.approx(37.6, abs=0.05)
    assert screen.degrees(screen.pixels(20.0)) == pytest.approx(20)
    # 57 cm away a point 10 cm aside is atan(10 / 57) off
    assert screen.degrees(378.0) == pytest.approx(math.degrees(math.atan(10 / 57)))
    radii = {zone.name: zone.radius(LOOK) for zone in ZONES}
    assert radii["foveola"] == pytest.approx(17.5)
    assert radii["fovea"] == pytest.approx(87.5, rel=1e-3)
    assert list(radii.values()) == sorted(radii.values())


@pytest.mark.parametrize(("per_degree", "radius"), [(35.0, 100), (60.0, 42)])
def test_identical_inside_the_sharp_radius_and_only_there(per_degree: float, radius: int) -> None:
    viewing = ViewingGeometry(per_degree)
    sharp = viewing.pixels(Retina().sharp_angle(viewing))
    assert sharp == pytest.approx(radius, abs=1)
    pixels = noise(420, 480)
    shown = foveate(pixels, [(200.0, 220.0)], viewing)
    y, x = np.mgrid[:420, :480] + 0.5
    distance = np.hypot(y - 200, x - 220)
    near = distance <= radius - 1
    np.testing.assert_array_equal(shown[near], pixels[near])
    beyond = distance > radius * 1.5
    assert (shown[beyond] != pixels[beyond]).mean() > 0.8


@pytest.mark.parametrize("per_degree", [35.0, 60.0])
@pytest.mark.parametrize("angle", [5.0, 10.0, 20.0])
@pytest.mark.parametrize("coarser", [1.0, 4.0])
@pytest.mark.parametrize("upright", [True, False])
def test_half_the_amplitude_of_the_finest_visible_grating(
    per_degree: float, angle: float, coarser: float, upright: bool
) -> None:
    viewing, retina = ViewingGeometry(per_degree), Retina(coarser=coarser)
    frequency = float(retina.finest(angle)) / per_degree
    along = np.arange(1200) + 0.5
    grating = (0.5 + 0.3 * np.sin(2 * math.pi * frequency * along)).astype(np.float32)
    light = np.repeat(grating[None], 64, 0)
    light = light if upright else np.ascontiguousarray(light.T)
    # The eye looks so far off the strip's middle that all of its middle is about `angle` away.
    away = viewing.pixels(angle)
    middle = (32.0, 600.0) if upright else (600.0, 32.0)
    fixation = (middle[0] + away, middle[1]) if upright else (middle[0], middle[1] + away)
    shown = foveate_light(light[None], [fixation], viewing, retina)[0]
    line = shown[32] if upright else shown[:, 32]
    half = round(0.5 + 1.5 / frequency)
    part = slice(600 - half, 600 + half)
    phase = 2 * math.pi * frequency * along[part]
    waves = np.stack([np.sin(phase), np.cos(phase), np.ones(2 * half)], axis=1)
    fit = np.linalg.lstsq(waves, line[part], rcond=None)[0]
    assert np.hypot(fit[0], fit[1]) / 0.3 == pytest.approx(0.5, rel=0.05)


def test_several_fixations_show_each_place_as_the_nearest_does() -> None:
    pixels, retina = noise(240, 320, 2), Retina(coarser=3)
    left, right = (120.0, 60.0), (120.0, 260.0)
    both = foveate(pixels, [left, right], LOOK, retina)
    np.testing.assert_array_equal(both[:, :150], foveate(pixels, [left], LOOK, retina)[:, :150])
    np.testing.assert_array_equal(both[:, 170:], foveate(pixels, [right], LOOK, retina)[:, 170:])


def test_a_photo_smaller_than_the_sharp_radius_comes_back_unchanged() -> None:
    pixels = noise(100, 120)
    np.testing.assert_array_equal(foveate(pixels, [(50.0, 60.0)], LOOK), pixels)
    assert (foveate(pixels, [(50.0, 60.0)], ViewingGeometry(70.0)) != pixels).any()


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (257, 3)])
def test_an_even_picture_stays_even_at_any_size(size: tuple[int, int]) -> None:
    pixels = np.full((*size, 3), (40, 130, 220), np.uint8)
    shown = foveate(pixels, [(-900.0, 2000.0)], LOOK, Retina(coarser=20))
    np.testing.assert_array_equal(shown, pixels)


def test_light_is_mixed_linearly() -> None:
    """Rows of black and white far from the eye become the grey that reflects half the light."""
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[::2] = 255
    shown = foveate(pixels, [(32.0, 3000.0)], LOOK, Retina(coarser=2))
    assert np.abs(shown[16:48, 16:48].astype(int) - 188).max() <= 1


def test_what_makes_no_sense_is_refused_with_a_sentence() -> None:
    with pytest.raises(VisionError, match="viewing distance is 0"):
        ViewingGeometry.of_screen(distance_cm=0, width_cm=50, width_px=1920)
    with pytest.raises(VisionError, match="screen in pixels is -1"):
        ViewingGeometry.of_screen(distance_cm=60, width_cm=50, width_px=-1)
    with pytest.raises(VisionError, match="pixels per degree is nan"):
        ViewingGeometry(float("nan"))
    with pytest.raises(VisionError, match="exaggeration is 0"):
        Retina(coarser=0)
    with pytest.raises(VisionError, match="below 1"):
        Retina(least_contrast=1.5)
    with pytest.raises(VisionError, match="at least one fixation"):
        foveate(noise(8, 8), [])
    for bad in (float("nan"), float("inf"), 1e300):
        with pytest.raises(VisionError, match="too far from"):
            foveate(noise(8, 8), [(bad, 1.0)])
