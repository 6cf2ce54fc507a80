"""Conversion from any Pillow mode to 8-bit sRGB over white."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from attnviz.types import AnyArray, Pixels

_GREY = {"1", "L", "LA", "La"}
_PHOTOMETRIC, _BITS_PER_SAMPLE = 262, 258  # TIFF tags
_FITTING_MODE = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab": "LAB"}


def in_srgb(image: Image.Image) -> Image.Image:
    """Convert to a new "RGB" image of the same size: 8-bit sRGB, alpha composited over white.

    16-bit values keep their high byte, which is within one level of exact rounding. An embedded ICC
    profile is applied; one that is broken or belongs to another kind of picture is ignored, as
    browsers do. CMYK without a profile is converted as ink on white: (1 - C)(1 - K).

    Parameters
    ----------
    image
        A decoded image.
    """
    colour, alpha = _colour_and_alpha(image)
    converted = _converted(colour, image.info.get("icc_profile"))
    if alpha is None:
        return converted
    white = Image.new("RGB", image.size, "white")
    white.paste(converted, mask=alpha)
    return white


def _colour_and_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    if image.mode.startswith("I") or image.mode == "F":
        return _grey_in_8_bits(image), None
    if image.has_transparency_data:
        straight = image.convert("LA") if image.mode == "La" else image
        full = straight.convert("RGBA")
        grey = image.mode in _GREY
        return full.getchannel("R") if grey else full.convert("RGB"), full.getchannel("A")
    if image.mode in _GREY:
        return image.convert("L"), None
    return image if image.mode in _FITTING_MODE.values() else image.convert("RGB"), None


def _grey_in_8_bits(image: Image.Image) -> Image.Image:
    """An "L" image from one of the modes that hold one wide number a pixel (I;16, I, F)."""
    tags: Any = getattr(image, "tag_v2", {})
    values = np.asarray(image)
    if values.dtype.itemsize == 2:
        twelve = tags.get(_BITS_PER_SAMPLE) == (12,)
        grey = np.minimum(values >> (4 if twelve else 8), 255).astype(np.uint8)
    else:
        grey = _stretched(values)
    # Pillow inverts "white is zero" for 8 bits only.
    return Image.fromarray(255 - grey if tags.get(_PHOTOMETRIC) == 0 else grey)


def _stretched(values: AnyArray) -> Pixels:
    """Grey values from numbers of an unknown range.

    White is the smallest of 1 (floats only), 255 and 65535 that no value exceeds. Values that
    are negative or larger still are stretched from their smallest to their largest. NaN is black.
    """
    numbers = np.nan_to_num(values.astype(np.float32)).clip(-1e37, 1e37)  # differences stay finite
    low, high = float(numbers.min()), float(numbers.max())
    usual = (1.0, 255.0, 65535.0) if values.dtype.kind == "f" else (255.0, 65535.0)
    white = next((limit for limit in usual if low >= 0 and high <= limit), None)
    if white is None:
        numbers = (numbers - low) / max(high - low, 1e-37)
    else:
        numbers /= white
    return np.asarray(np.rint(numbers * 255), dtype=np.uint8)


def _converted(colour: Image.Image, profile: object) -> Image.Image:
    """`colour` as an "RGB" image, through its ICC profile if it has one that works."""
    if isinstance(profile, bytes):
        try:
            return _through_profile(colour, ImageCms.ImageCmsProfile(BytesIO(profile)))
        except Exception:  # noqa: S110 - a profile can be broken in any way
            pass
    if colour.mode == "LAB":
        return _through_profile(colour, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")))
    return colour.convert("RGB")


def _through_profile(colour: Image.Image, source: ImageCms.ImageCmsProfile) -> Image.Image:
    """Raises ValueError where the profile is for another kind of picture, and Pillow's errors."""
    space = source.profile.xcolor_space.strip()
    mode = _FITTING_MODE.get(space, "")
    if mode == "RGB" and colour.mode == "L":
        colour = colour.convert("RGB")
    if mode != colour.mode:
        raise ValueError(f"a profile for {space} in a picture of mode {colour.mode}")
    transform = ImageCms.buildTransform(
        source,
        ImageCms.createProfile("sRGB"),
        mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    if mode == "RGB" and _changes_nothing(transform):
        return colour
    converted = ImageCms.applyTransform(colour, transform)
    if converted is None:
        raise ValueError("the transform gave no picture")
    return converted


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """Whether a profile is sRGB, as most are: then pixels are kept exactly as in the file."""
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(27, 27, 3)
    probed = ImageCms.applyTransform(Image.fromarray(grid), transform)
    return int(np.abs(np.asarray(probed, dtype=np.int16) - grid).max()) <= 1
