"""Conversion from any Pillow mode to upright pixels: 8-bit sRGB over white."""

from __future__ import annotations

from functools import cache, lru_cache
from io import BytesIO
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageCms

from attnviz.pictures.strips import Box, upright_pixels
from attnviz.pictures.wide_grey import wide_grey
from attnviz.types import Pixels

_GREY = {"1", "L", "LA", "La"}
_USUAL_BYTES = 16_384  # of a profile for a screen; those of printers have megabytes
_FITTING_MODE = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab": "LAB"}
# The mode that a profile is for, and what takes it to sRGB: None if it is that already.
_Transform: TypeAlias = tuple[str, ImageCms.ImageCmsTransform | None]


def in_srgb(
    image: Image.Image, turn: Image.Transpose | None = None
) -> tuple[Pixels, tuple[str, ...]]:
    """Convert to upright pixels: 8-bit sRGB, alpha composited over white.

    Grey values of more than 8 bits become 8-bit ones as `wide_grey` says. An embedded ICC profile
    is applied; one that is broken or belongs to another kind of picture is ignored, as browsers do.
    CMYK without a profile is converted as ink on white: (1 - C)(1 - K).

    Parameters
    ----------
    image
        A decoded image.
    turn
        What makes it upright; None if it is.

    Returns
    -------
    pixels : Pixels
        uint8 [H, W, 3].
    notes : tuple of str
        Sentences for the user, such as how grey values were stretched.
    """
    notes: tuple[str, ...] = ()
    grey, opaque = None, None
    if image.mode.startswith("I") or image.mode == "F":
        grey, opaque, notes = wide_grey(image)
    transform = _transform_for(image)

    def strip(box: Box) -> Image.Image:
        if grey is None:
            colour, alpha = _colour_and_alpha(image.crop(box))
        else:
            colour, alpha = grey.crop(box), opaque and opaque.crop(box)
        converted = _converted(colour, transform)
        if alpha is None:
            return converted
        white = Image.new("RGB", converted.size, "white")
        white.paste(converted, mask=alpha)
        return white

    return upright_pixels(image.size, turn, strip), notes


def _colour_and_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    if image.has_transparency_data:
        straight = image.convert("LA") if image.mode == "La" else image
        full = straight.convert("RGBA")
        grey = image.mode in _GREY
        return full.getchannel("R") if grey else full.convert("RGB"), full.getchannel("A")
    if image.mode in _GREY:
        return image.convert("L"), None
    return image if image.mode in _FITTING_MODE.values() else image.convert("RGB"), None


def _transform_for(image: Image.Image) -> _Transform | None:
    """That of the image's profile; None if it has none, or one that is broken."""
    profile = image.info.get("icc_profile")
    if isinstance(profile, bytes):
        try:
            return (_usual_transform if len(profile) <= _USUAL_BYTES else _transform_of)(profile)
        except Exception:  # noqa: S110 - a profile can be broken in any way
            pass
    return None


def _converted(colour: Image.Image, transform: _Transform | None) -> Image.Image:
    """`colour` as an "RGB" image, through its profile's transform if it has one that fits."""
    if transform is not None:
        mode, to_srgb = transform
        fitting = colour.convert("RGB") if (mode, colour.mode) == ("RGB", "L") else colour
        if fitting.mode == mode:
            return fitting if to_srgb is None else _transformed(fitting, to_srgb)
    if colour.mode == "LAB":
        return _transformed(colour, _lab_to_srgb())
    return colour if colour.mode == "RGB" else colour.convert("RGB")


@cache
def _lab_to_srgb() -> ImageCms.ImageCmsTransform:
    return _to_srgb(ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")), "LAB")


def _transform_of(profile: bytes) -> _Transform:
    """The mode that a profile is for, and its transform; None for sRGB, as most are.

    Then pixels are kept exactly as in the file.
    """
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    mode = _FITTING_MODE[source.profile.xcolor_space.strip()]
    transform = _to_srgb(source, mode)
    return mode, None if mode == "RGB" and _changes_nothing(transform) else transform


# A transform takes as long to make as a photo to decode, and cameras write few profiles.
_usual_transform = lru_cache(maxsize=32)(_transform_of)


def _to_srgb(source: ImageCms.ImageCmsProfile, mode: str) -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(
        source,
        ImageCms.createProfile("sRGB"),
        mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )


def _transformed(colour: Image.Image, transform: ImageCms.ImageCmsTransform) -> Image.Image:
    converted = ImageCms.applyTransform(colour, transform)
    if converted is None:
        raise ValueError("the transform gave no picture")
    return converted


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """Whether a profile for RGB is sRGB."""
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(27, 27, 3)
    probed = ImageCms.applyTransform(Image.fromarray(grid), transform)
    return int(np.abs(np.asarray(probed, dtype=np.int16) - grid).max()) <= 1
