"""A file's own values, in as many channels as it has, beside what is shown of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

import cv2
import numpy as np

from attnviz.errors import PictureError
from attnviz.types import AnyArray, BoolArray, FloatArray, Pixels
from attnviz.words import listed

_PERCENTILES = (2.0, 98.0)
Window = tuple[float, float]


class Stretch(StrEnum):
    """A window that each channel's own values decide: from the 2nd to the 98th percentile, or all.

    Where the percentiles are the same, `USUAL` takes all values too.
    """

    USUAL = "usual"
    WHOLE = "whole"


@dataclass(frozen=True, eq=False)
class Channels:
    """The values of a picture's file, of which `Picture.pixels` shows three channels at most.

    Attributes
    ----------
    values
        [H, W, C] of any real type, in the file's own units, read-only.
    names
        Name of each channel.
    shown
        Indices of the channels that are shown as red, green and blue; thrice the same is grey.
    place
        Which slice of a stack it is, from 0.
    slices
        How many slices the stack has; 1 for a single picture.
    """

    values: AnyArray = field(repr=False)
    names: tuple[str, ...]
    shown: tuple[int, int, int]
    place: int = 0
    slices: int = 1

    @property
    def count(self) -> int:
        """Number of channels."""
        return int(self.values.shape[2])

    def resized(self, size: tuple[int, int]) -> Channels:
        """A smaller copy of (height, width), averaged over areas; float32."""
        height, width = size
        planes = [
            cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA)
            for plane in np.moveaxis(self.values.astype(np.float32), 2, 0)
        ]
        return replace(self, values=_frozen(np.stack(planes, -1)))


def channels_of(
    values: AnyArray,
    name: str,
    *,
    names: tuple[str, ...] = (),
    shown: tuple[int, ...] | None = None,
    place: int = 0,
    slices: int = 1,
) -> Channels:
    """Check the values of a picture.

    Parameters
    ----------
    values
        [H, W] or [H, W, C], of any real type.
    name
        What the picture is called in errors.
    names
        Name of each channel; "channel 1" and so on if empty.
    shown
        Which channel is shown, or which three; the first three if None, or the first of less.
    place, slices
        Which slice of how many it is.

    Returns
    -------
    Channels

    Raises
    ------
    PictureError
        The values have another shape or type, or there are no such channels.
    """
    values = values[..., None] if values.ndim == 2 else values
    if values.ndim != 3 or 0 in values.shape or values.dtype.kind not in "uifb":
        raise PictureError(
            f"{name} is an array of {values.dtype} and of shape {list(values.shape)}, but channels "
            "are real numbers of shape [H, W] or [H, W, C]. Put the channels last."
        )
    count = values.shape[2]
    if len(names) not in (0, count):
        raise PictureError(f"{name} has {count} channels, and {len(names)} names for them.")
    chosen = shown if shown is not None else ((0, 1, 2) if count >= 3 else (0,))
    if len(chosen) not in (1, 3) or not all(0 <= one < count for one in chosen):
        counted = ", ".join(str(one + 1) for one in chosen)
        raise PictureError(
            f"{name} has the channels 1 to {count}, and {counted or 'none'} is to be shown. Give "
            "one of them, which is shown in grey, or three as red, green and blue. (Python counts "
            "from 0.)"
        )
    red, green, blue = chosen if len(chosen) == 3 else chosen * 3
    labels = names or tuple(f"channel {one + 1}" for one in range(count))
    return Channels(_frozen(values), labels, (red, green, blue), place, slices)


def shown_pixels(
    channels: Channels, window: Window | Stretch | None = None, *, inverted: bool = False
) -> tuple[Pixels, str]:
    """Make a picture of the channels that are shown.

    Parameters
    ----------
    channels
        The values.
    window
        The values that are black and white, or how they are found. None shows uint8 as it is, and
        is `Stretch.USUAL` for any other type.
    inverted
        Whether high values are dark, as on X-ray film.

    Returns
    -------
    pixels : Pixels
        uint8 [H, W, 3].
    note : str
        What was shown, and how; empty for colours that are shown as they are.
    """
    planes: dict[int, FloatArray] = {}
    ranges: list[str] = []
    plain = window is None and channels.values.dtype == np.uint8
    for index in dict.fromkeys(channels.shown):
        plane = channels.values[..., index].astype(np.float64)
        known: BoolArray = np.isfinite(plane)
        low, high = (0.0, 255.0) if plain else range_of(plane[known], window)
        share = np.where(known, (plane - low) / (high - low if high > low else 1.0), 0.0)
        share = np.clip(share, 0, 1) if high > low else np.zeros_like(share)
        planes[index] = np.asarray(1 - share if inverted else share, dtype=np.float32)
        ranges.append(f"{channels.names[index]} from {low:.4g} to {high:.4g}")
    pixels = np.rint(np.stack([planes[one] for one in channels.shown], -1) * 255).astype(np.uint8)
    if plain and channels.count in (1, 3):
        return pixels, ""
    of_all = f" of {channels.count} channels" if channels.count > len(planes) else ""
    return pixels, f"Shown: {listed(ranges)}{of_all}; the file's own values are kept beside it."


def range_of(values: AnyArray, window: Window | Stretch | None = None) -> Window:
    """Return which of a channel's finite values are black and white; None is `Stretch.USUAL`."""
    if isinstance(window, tuple):
        return window
    if values.size == 0:
        return 0.0, 1.0
    if window is not Stretch.WHOLE:
        low, high = np.percentile(values, _PERCENTILES)
        if high > low:
            return float(low), float(high)
    return float(values.min()), float(values.max())


def _frozen(values: AnyArray) -> AnyArray:
    copied = np.array(values, order="C")
    copied.flags.writeable = False
    return copied
