"""Conversion from any Pillow mode to 8-bit sRGB over white."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

from attnviz.pictures.wide_grey import wide_grey

_GREY = {"1", "L", "LA", "La"}
_USUAL_BYTES = 16_384  # of a profile for a screen; those of printers have megabytes
_FITTING_MODE = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab": "LAB"}


def in_srgb(image: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    """Convert to a new "RGB" image of the same size: 8-bit sRGB, alpha composited over white.

    Grey values of more than 8 bits become 8-bit ones as `wide_grey` says. An embedded ICC profile
    is applied; one that is broken or belongs to another kind of picture is ignored, as browsers do.
    CMYK without a profile is converted as ink on white: (1 - C)(1 - K).

    Parameters
    ----------
    image
        A decoded image.

    Returns
    -------
    converted : Image
        Of mode "RGB".
    notes : tuple of str
        Sentences for the user, such as how grey values were stretched.
    """
    notes: tuple[str, ...] = ()
    if image.mode.startswith("I") or image.mode == "F":
        colour, alpha, notes = wide_grey(image)
    else:
        colour, alpha = _colour_and_alpha(image)
    converted = _converted(colour, image.info.get("icc_profile"))
    if alpha is None:
        return converted, notes
    white = Image.new("RGB", image.size, "white")
    white.paste(converted, mask=alpha)
    return white, notes


def _colour_and_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    if image.has_transparency_data:
        straight = image.convert("LA") if image.mode == "La" else image
        full = straight.convert("RGBA")
        grey = image.mode in _GREY
        return full.getchannel("R") if grey else full.convert("RGB"), full.getchannel("A")
    if image.mode in _GREY:
        return image.convert("L"), None
    return image if image.mode in _FITTING_MODE.values() else image.convert("RGB"), None


def _converted(colour: Image.Image, profile: object) -> Image.Image:
    """`colour` as an "RGB" image, through its ICC profile if it has one that works."""
    if isinstance(profile, bytes):
        try:
            return _through_profile(colour, profile)
        except Exception:  # noqa: S110 - a profile can be broken in any way
            pass
    if colour.mode == "LAB":
        lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        return _transformed(colour, _to_srgb(lab, "LAB"))
    return colour.convert("RGB")


def _through_profile(colour: Image.Image, profile: bytes) -> Image.Image:
    """Raises ValueError where the profile is for another kind of picture, and Pillow's errors."""
    kept = len(profile) <= _USUAL_BYTES
    mode, transform = _usual_transform(profile) if kept else _transform_of(profile)
    if mode == "RGB" and colour.mode == "L":
        colour = colour.convert("RGB")
    if mode != colour.mode:
        raise ValueError(f"a profile for {mode} in a picture of mode {colour.mode}")
    return colour if transform is None else _transformed(colour, transform)


def _transform_of(profile: bytes) -> tuple[str, ImageCms.ImageCmsTransform | None]:
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
