"""What Hugging Face's image processors do to a picture; their stored dictionaries say it too."""

from __future__ import annotations

from typing import Any

from attnviz.errors import ModelError
from attnviz.models.entries import entry
from attnviz.models.input_settings.base import (
    InputSettings,
    Sides,
    filter_name,
    numbers,
    pair,
)
from attnviz.pictures.geometry import Fit

_SQUASHED_FROM = 384  # ConvNeXt's processor crops below this side only
_BYTE = 1 / 255


def read_processor(source: Any) -> InputSettings | None:
    """Read an image processor, a processor that holds one, or its `preprocessor_config.json`.

    Parameters
    ----------
    source
        Anything; None is returned for what is no image processor.

    Returns
    -------
    InputSettings or None

    Raises
    ------
    ModelError
        It resizes the longer side, which no `Preprocess` does.
    """
    source = entry(source, "image_processor") or source
    if entry(source, "image_mean") is None and entry(source, "do_resize") is None:
        return None
    size, fit, resize = _shape(source)
    mean, std = _normalisation(source)
    kind = entry(source, "image_processor_type") or type(source).__name__
    return InputSettings(
        origin="the image processor" if kind == "dict" else f"the processor {kind}",
        size=size,
        fit=fit,
        resize=resize,
        mean=mean,
        std=std,
        interpolation=filter_name(entry(source, "resample")) if size else None,
    )


def _shape(source: Any) -> tuple[Sides | None, Fit | None, Sides | None]:
    """Size, fit and what is resized to before the centre is taken."""
    size, crop = entry(source, "size"), None
    if entry(source, "do_center_crop"):
        crop = _both(entry(source, "crop_size"))
    if not _is_on(source, "do_resize") or size is None:
        return crop, None, None
    short = entry(size, "shortest_edge")
    if isinstance(size, int):  # as processors were stored at first
        short, size = (size, {}) if crop else (None, {"height": size, "width": size})
    share = entry(source, "crop_pct")
    if short and share is not None:  # of ConvNeXt
        square = (short, short)
        if short >= _SQUASHED_FROM:
            return square, Fit.SQUASH, None
        return square, Fit.CROP, pair(int(short / share))
    if short:
        return (crop, Fit.CROP, pair(short)) if crop else (pair(short), Fit.WHOLE, None)
    stretched = _both(size)
    if stretched is None:
        raise ModelError(
            f"The processor {type(source).__name__} does not say to which height and width, or to "
            "which shorter side, pictures are resized. Give "
            "`Preprocess(size=..., mean=..., std=..., fit=...)`."
        )
    return crop or stretched, Fit.SQUASH, stretched if crop else None


def _both(size: Any) -> Sides | None:
    if isinstance(size, int):
        return size, size
    height, width = entry(size, "height"), entry(size, "width")
    return (int(height), int(width)) if height and width else None


def _normalisation(source: Any) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation for values in 0..1, whatever the values are scaled by first."""
    mean: tuple[float, ...] = (0.0,) * 3
    std: tuple[float, ...] = (1.0,) * 3
    if _is_on(source, "do_normalize"):
        mean = numbers(entry(source, "image_mean")) or mean
        std = numbers(entry(source, "image_std")) or std
    factor = entry(source, "rescale_factor") or _BYTE
    scale = 255 * (factor if _is_on(source, "do_rescale") else 1.0)
    offset = 1.0 if entry(source, "rescale_offset") else 0.0
    return tuple((m + offset) / scale for m in mean), tuple(s / scale for s in std)


def _is_on(source: Any, switch: str) -> bool:
    """Whether a step is taken; as a rule it is where nothing is said."""
    value = entry(source, switch)
    return True if value is None else bool(value)
