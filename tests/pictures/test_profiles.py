"""Embedded colour profiles, against values computed here from primaries and curves."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageCms

from attnviz.pictures import open_picture
from tests.pictures.files import (
    ADOBE_TO_D50,
    P3_TO_D50,
    SRGB_TO_D50,
    encoded,
    grey_profile,
    rgb_profile,
)

GAMMA = 2.19921875
COLOURS = [(200, 120, 60), (90, 140, 200), (128, 128, 128), (60, 80, 70), (0, 0, 0), (255,) * 3]


def srgb_levels(colour: tuple[int, ...], to_d50: np.ndarray, gamma: float) -> np.ndarray:
    """float [3]: decode with the gamma, go through D50, encode with sRGB's curve."""
    linear = np.linalg.inv(SRGB_TO_D50) @ to_d50 @ (np.asarray(colour) / 255) ** gamma
    linear = linear.clip(0, 1)
    curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return 255 * curved


@pytest.mark.parametrize("primaries", [ADOBE_TO_D50, P3_TO_D50], ids=["Adobe RGB", "P3"])
@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_a_wide_profile_is_converted(
    kind: str, colour: tuple[int, ...], primaries: np.ndarray
) -> None:
    image = Image.new("RGB", (2, 2), colour)
    data = encoded(image, kind, icc_profile=rgb_profile(primaries, GAMMA))
    opened = open_picture(data).pixels[1, 1]
    assert np.abs(opened - srgb_levels(colour, primaries, GAMMA)).max() <= 1.5


def test_the_conversion_is_large_enough_to_be_seen() -> None:
    moved = srgb_levels((200, 120, 60), ADOBE_TO_D50, GAMMA) - (200, 120, 60)
    assert np.abs(moved).max() > 20


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "HEIC", "AVIF"])
def test_lossy_files_bring_their_profile_too(kind: str) -> None:
    profile = rgb_profile(ADOBE_TO_D50, GAMMA)
    data = encoded(Image.new("RGB", (32, 32), (200, 120, 60)), kind, icc_profile=profile)
    expected = srgb_levels((200, 120, 60), ADOBE_TO_D50, GAMMA)
    assert np.abs(open_picture(data).pixels[16, 16] - expected).max() <= 6


def test_a_pillow_image_brings_its_profile() -> None:
    image = Image.new("RGB", (1, 1), (200, 120, 60))
    image.info["icc_profile"] = rgb_profile(ADOBE_TO_D50, GAMMA)
    expected = srgb_levels((200, 120, 60), ADOBE_TO_D50, GAMMA)
    assert np.abs(open_picture(image).pixels[0, 0] - expected).max() <= 1.5


def test_grey_profiles() -> None:
    # Linear grey 128/255 = 0.50196; sRGB's curve gives 1.055 * 0.50196**(1/2.4) - 0.055 = 0.7367,
    # which is level 187.9.
    for mode in ("L", "LA"):
        colour = (128, 255)[: len(mode)]
        data = encoded(Image.new(mode, (1, 1), colour), "PNG", icc_profile=grey_profile(1.0))
        assert open_picture(data).pixels.tolist() == [[[188] * 3]]


def test_grey_pixels_with_a_colour_profile() -> None:
    profile = rgb_profile(SRGB_TO_D50, 1.0)
    data = encoded(Image.new("L", (1, 1), 128), "PNG", icc_profile=profile)
    assert np.abs(open_picture(data).pixels[0, 0].astype(int) - 188).max() <= 1


def test_alpha_is_composited_after_the_conversion() -> None:
    profile = rgb_profile(SRGB_TO_D50, 1.0)
    image = Image.new("RGBA", (1, 1), (128, 128, 128, 128))
    # 188 at alpha 128/255 over white: (188 * 128 + 255 * 127) / 255 = 221.4.
    opened = open_picture(encoded(image, "PNG", icc_profile=profile)).pixels[0, 0]
    assert np.abs(opened.astype(int) - 221).max() <= 1


SRGB_CURVE = np.where(
    (x := np.linspace(0, 1, 256)) <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4
)
SRGB_WORDINGS = {
    "Pillow's": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    "primaries rounded": rgb_profile(np.round(SRGB_TO_D50, 4), SRGB_CURVE),
}


@pytest.mark.parametrize("profile", SRGB_WORDINGS.values(), ids=list(SRGB_WORDINGS))
def test_an_srgb_profile_leaves_every_pixel_as_it_is(profile: bytes) -> None:
    noise = np.random.default_rng(5).integers(0, 256, (64, 64, 3), np.uint8)
    data = encoded(Image.fromarray(noise), "PNG", icc_profile=profile)
    assert np.array_equal(open_picture(data).pixels, noise)


def test_white_paper_becomes_white_and_not_the_colour_of_the_paper() -> None:
    profile = rgb_profile(ADOBE_TO_D50, GAMMA, paper=(0.85, 0.88, 0.60))
    data = encoded(Image.new("RGB", (1, 1), "white"), "PNG", icc_profile=profile)
    assert open_picture(data).pixels.tolist() == [[[255, 255, 255]]]


BROKEN = {
    "noise": np.random.default_rng(1).bytes(600),
    "empty": b"",
    "short": b"\0\0\0\x80",
    "cut": rgb_profile(ADOBE_TO_D50, GAMMA)[:150],
    "no tags": rgb_profile(ADOBE_TO_D50, GAMMA)[:128] + bytes(4),
    "for another kind": grey_profile(1.0),
}


@pytest.mark.parametrize("profile", BROKEN.values(), ids=list(BROKEN))
def test_a_broken_profile_does_not_cost_the_picture(profile: bytes) -> None:
    data = encoded(Image.new("RGB", (1, 1), (200, 120, 60)), "PNG", icc_profile=profile)
    assert open_picture(data).pixels.tolist() == [[[200, 120, 60]]]


def test_a_colour_profile_on_cmyk_is_left_out() -> None:
    image = Image.new("CMYK", (1, 1), (0, 255, 255, 0))
    data = encoded(image, "TIFF", icc_profile=rgb_profile(ADOBE_TO_D50, GAMMA))
    assert open_picture(data).pixels.tolist() == [[[255, 0, 0]]]
