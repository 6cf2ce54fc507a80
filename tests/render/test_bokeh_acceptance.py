"""The quality gate of the bokeh: what it must reach against brute force and against known truth."""

from __future__ import annotations

import importlib

import cv2
import numpy as np
import pytest
from skimage.metrics import structural_similarity

from attnviz.render.bokeh import bokeh
from attnviz.render.linear_light import srgb_to_linear
from attnviz.render.surfaces import find_edge
from benchmarks.reference_bokeh import (
    MatteScene,
    leakage,
    matte_scene,
    own_radius_gather,
    psnr,
    soft_focus,
    textured,
)

# `attnviz.render.bokeh` is the function once the package is imported; this is the module.
MODULE = importlib.import_module("attnviz.render.bokeh")


@pytest.fixture(scope="module")
def scene() -> MatteScene:
    return matte_scene(side=256, radius=16)


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (200, 13, 97)])
@pytest.mark.parametrize("aperture", ["disc", "hexagon"])
def test_a_constant_picture_stays_constant(colour: tuple[int, ...], aperture: str) -> None:
    pixels = np.full((90, 70, 3), colour, dtype=np.uint8)
    for focus in (soft_focus(90, 70), (soft_focus(90, 70) > 0.5), np.zeros((90, 70))):
        shown = bokeh(pixels, focus, 24, aperture=aperture)
        assert np.abs(shown.astype(int) - pixels).max() <= 1


def test_full_focus_changes_no_byte() -> None:
    pixels = textured(64, 80)
    shown = bokeh(pixels, np.ones((64, 80)), 24, highlights=4)
    assert np.array_equal(shown, pixels)
    assert shown is not pixels


def test_focused_pixels_keep_their_bytes(scene: MatteScene) -> None:
    shown = bokeh(scene.pixels, scene.matte, 24, highlights=4)
    sharp = scene.matte == 1
    assert sharp.sum() > 5000
    assert np.array_equal(shown[sharp], scene.pixels[sharp])


def _light_of_a_dot(
    radius: float, monkeypatch: pytest.MonkeyPatch
) -> tuple[np.ndarray, np.ndarray]:
    """Linear light around a white pixel on black, before rounding, and the distances from it."""
    side = int(4 * radius + 41)
    middle = side // 2
    pixels = np.zeros((side, side, 3), dtype=np.uint8)
    pixels[middle, middle] = 255
    seen: list[np.ndarray] = []
    encode = MODULE.encode

    def watched(light: np.ndarray) -> np.ndarray:
        seen.append(light.copy())
        return encode(light)

    monkeypatch.setattr(MODULE, "encode", watched)
    bokeh(pixels, np.zeros((side, side)), radius)
    y, x = np.mgrid[:side, :side] - middle
    return seen[0][1, :side, :side], np.hypot(y, x)


@pytest.mark.parametrize("radius", [3.0, 6.0, 12.0, 24.0, 48.0])
def test_a_dot_becomes_a_disc_of_linear_light(
    radius: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    light, distance = _light_of_a_dot(radius, monkeypatch)
    plateau = 1 / (np.pi * radius**2)
    # Bicubic enlarging swings by up to 12 % within two coarse pixels of the edge.
    coarse = 1 if radius < 5.5 else 2 if radius < 22 else 4
    inside = light[distance < radius - 2 * coarse]
    assert np.abs(inside / plateau - 1).max() < 0.05
    assert np.sqrt((light > plateau / 2).sum() / np.pi) == pytest.approx(radius, abs=0.5)
    assert light.sum() == pytest.approx(1.0, abs=1e-3)
    assert np.abs(light[distance > radius + 2 * coarse + 1]).max() < 0.05 * plateau


def test_a_dot_is_not_blurred_in_srgb() -> None:
    pixels = np.zeros((41, 41, 3), dtype=np.uint8)
    pixels[20, 20] = 255
    shown = bokeh(pixels, np.zeros((41, 41)), 4)
    linear, encoded = 255 / (np.pi * 16) / 255, 255 / (np.pi * 16)
    code = int(shown[20, 20, 0])
    assert float(srgb_to_linear(code / 255)) == pytest.approx(linear, rel=0.05)
    assert code > 5 * encoded  # an average of codes would give 5, not 39


@pytest.mark.parametrize(("side", "radius"), [(256, 16.0), (256, 24.0)])
def test_close_to_the_brute_force_gather(side: int, radius: float) -> None:
    pixels, focus = textured(side, side, seed=1), soft_focus(side, side)
    assert find_edge(focus).where.size == 0
    exact = own_radius_gather(pixels, radius * (1 - focus), keep_sharp_out=True)
    shown = bokeh(pixels, focus, radius)
    assert psnr(shown, exact) >= 45
    assert structural_similarity(shown, exact, channel_axis=2) >= 0.995


def test_gamma_changes_the_radius_as_promised() -> None:
    pixels, focus = textured(128, 128, seed=2), soft_focus(128, 128)
    exact = own_radius_gather(pixels, 8 * (1 - focus) ** 2.0, keep_sharp_out=True)
    assert psnr(bokeh(pixels, focus, 8, gamma=2.0), exact) >= 45
    assert psnr(bokeh(pixels, focus, 8, gamma=1.0), exact) < 40


def test_no_focus_colour_leaks_out(scene: MatteScene) -> None:
    shown = bokeh(scene.pixels, scene.matte, 16)
    naive = scene.matte[..., None] * scene.pixels.astype(float)
    naive += (1 - scene.matte[..., None]) * bokeh(scene.pixels, np.zeros((256, 256)), 16)
    assert leakage(shown, scene.matte, 16) <= -50
    assert leakage(naive.astype(np.uint8), scene.matte, 16) > -20


def test_no_focus_colour_leaks_out_of_a_hard_mask() -> None:
    pixels = np.zeros((160, 160, 3), dtype=np.uint8)
    pixels[..., 2] = 255
    mask = np.zeros((160, 160), dtype=np.float32)
    mask[50:110, 40:120] = 1
    pixels[mask == 1] = (255, 0, 0)
    assert leakage(bokeh(pixels, mask, 24), mask, 24) <= -50


def test_edges_and_ring_meet_the_truth(scene: MatteScene) -> None:
    shown = bokeh(scene.pixels, scene.matte, 16)
    edge = (scene.matte > 0) & (scene.matte < 1)
    near = cv2.dilate(scene.matte, np.ones((33, 33))) > 0
    assert psnr(shown, scene.truth, edge) >= 35
    assert psnr(shown, scene.truth, near & (scene.matte == 0)) >= 38


@pytest.mark.parametrize(("shift", "least"), [(8, float("inf")), (7, 50.0)])
def test_shifts_with_the_picture(shift: int, least: float) -> None:
    """Exact for whole coarse pixels; 7 px fall between them, where single codes may differ."""
    pixels, focus = textured(240, 240, seed=4), soft_focus(240, 240)
    here = bokeh(pixels[:224, :224], focus[:224, :224], 24)
    there = bokeh(pixels[shift:, shift:][:224, :224], focus[shift:, shift:][:224, :224], 24)
    inner = np.s_[64:160, 64:160]
    moved = np.s_[64 - shift : 160 - shift, 64 - shift : 160 - shift]
    assert psnr(here[inner], there[moved]) >= least


@pytest.mark.parametrize("kind", ["soft", "hard", "matte"])
@pytest.mark.parametrize("radius", [5, 24, 60])
def test_bands_are_seamless(kind: str, radius: float, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels, focus = textured(500, 200, seed=3), soft_focus(500, 200)
    if kind != "soft":
        focus = (focus > 0.5).astype(np.float32)
    if kind == "matte":
        focus = cv2.GaussianBlur(focus, (0, 0), 1.5)
    whole = bokeh(pixels, focus, radius)
    bands: list[int] = []
    band = MODULE._band

    def counted(*arguments: object) -> np.ndarray:
        bands.append(1)
        return band(*arguments)

    monkeypatch.setattr(MODULE, "_BAND_PIXELS", 1)
    monkeypatch.setattr(MODULE, "_band", counted)
    banded = bokeh(pixels, focus, radius)
    assert len(bands) >= 3
    assert np.abs(whole.astype(int) - banded).max() <= 1
