"""Itti-Koch saliency from contrast of intensity, colour and orientation; needs no training.

Itti, Koch & Niebur, "A model of saliency-based visual attention for rapid scene analysis" (IEEE
TPAMI 1998). Each feature is compared between a fine scale c in {2, 3, 4} and a coarse one c + 3 or
c + 4 of a dyadic pyramid: 6 maps of intensity, 12 of two colour pairs and 24 of four orientations.
N(.) favours maps with few high peaks, and the rest is sums.

Where the paper is silent or its formula cannot be meant: colour pairs are signed (red minus green)
and their difference between the scales is taken as it is, so that a large uniform red area is not
salient, while red on green and green on red both are. Orientation is the magnitude of an even and
an odd Gabor filter, wavelength 7 pixels of its scale.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from attnviz.types import FloatArray, Pixels

Pyramid = list[FloatArray]

CENTRES = (2, 3, 4)
DELTAS = (3, 4)
ANGLES = (0, 45, 90, 135)
SUMMED_AT = 4
LONGEST = 640  # the paper's pictures; smaller ones are enlarged, so that every scale exists
# Feature maps that vary by less are constant: N would amplify their rounding errors.
EVEN = 1e-3
_WAVELENGTH = 7.0
_COARSEST = max(CENTRES) + max(DELTAS)


@dataclass(frozen=True, eq=False)
class Conspicuity:
    """The model's maps of one picture.

    Attributes
    ----------
    features : dict of (channel, c, s) to float32 [h, w]
        The 42 centre-surround maps before N, at scale c; channels are intensity, red-green,
        blue-yellow and 0, 45, 90, 135.
    intensity, colour, orientation : float32 [h, w]
        At scale 4, after N, in 0..1.
    """

    features: dict[tuple[str, int, int], FloatArray]
    intensity: FloatArray
    colour: FloatArray
    orientation: FloatArray

    @property
    def saliency(self) -> FloatArray:
        """Mean of the three, float32 [h, w] at scale 4, in 0..1."""
        mean = (self.intensity + self.colour + self.orientation) / 3
        return np.asarray(mean, dtype=np.float32)


def itti_koch(pixels: Pixels) -> FloatArray:
    """Compute the saliency map.

    Parameters
    ----------
    pixels : uint8 [H, W, 3]
        sRGB.

    Returns
    -------
    float32 [H, W] in 0..1
        As coarse as a sixteenth of 640 pixels; all zero for a uniform picture.
    """
    height, width = pixels.shape[:2]
    saliency = conspicuity(pixels).saliency
    large = cv2.resize(saliency, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(large, 0, 1), dtype=np.float32)


def conspicuity(pixels: Pixels) -> Conspicuity:
    """Compute all of the model's maps for uint8 [H, W, 3] sRGB."""
    channels = _channels(_sized(pixels))
    features = {
        (name, c, c + delta): _contrast(pyramid[c], pyramid[c + delta])
        for name, pyramid in channels.items()
        for c in CENTRES
        for delta in DELTAS
    }
    size = channels["intensity"][SUMMED_AT].shape
    sums = {name: _across_scales(features, name, size) for name in channels}
    oriented = sum(
        (normalise_map(sums[str(angle)]) for angle in ANGLES), np.zeros(size, np.float32)
    )
    return Conspicuity(
        features=features,
        intensity=normalise_map(sums["intensity"]),
        colour=normalise_map(sums["red-green"] + sums["blue-yellow"]),
        orientation=normalise_map(oriented),
    )


def normalise_map(values: FloatArray) -> FloatArray:
    """The paper's N(.): scale to 0..1, times the square of the peak's height above the other peaks.

    A peak is no lower than its eight neighbours and above a tenth of the highest. Peaks as high as
    the highest count among the others, so equal ones cancel out.

    Parameters
    ----------
    values : float [h, w]
        0 or more.

    Returns
    -------
    float32 [h, w] in 0..1
        All zero for a map whose values differ by less than `EVEN`.
    """
    low, high = float(values.min()), float(values.max())
    if high - low < EVEN:
        return np.zeros_like(values, dtype=np.float32)
    scaled = np.asarray((values - low) / (high - low), dtype=np.float32)
    highest_near = cv2.dilate(scaled, np.ones((3, 3), np.uint8))
    peaks = (scaled >= highest_near) & (scaled > 0.1)
    # A plateau of equal values is one peak.
    count, labels = cv2.connectedComponents(peaks.astype(np.uint8), connectivity=8)
    heights = np.zeros(count)
    heights[labels[peaks]] = scaled[peaks]
    others = np.sort(heights[1:])[:-1]
    mean = float(others.mean()) if len(others) else 0.0
    return np.asarray(scaled * (1 - mean) ** 2, dtype=np.float32)


def _sized(pixels: Pixels) -> FloatArray:
    """Resize to longer side `LONGEST`, float32 [h, w, 3] in 0..1; keep at least one cell."""
    scale = LONGEST / max(pixels.shape[:2])
    height, width = (max(2**SUMMED_AT, round(side * scale)) for side in pixels.shape[:2])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=method) / np.float32(255))


def _channels(rgb: FloatArray) -> dict[str, Pyramid]:
    """A pyramid for each of the seven features."""
    red, green, blue = cv2.split(rgb)
    intensity = (red + green + blue) / 3
    # Hue is defined only where there is light: elsewhere a tiny difference would be a strong
    # colour.
    bright = intensity > 0.1 * intensity.max()
    scale = np.where(bright, 1 / np.maximum(intensity, 1e-6), 0)
    red, green, blue = red * scale / 3, green * scale / 3, blue * scale / 3
    only_red = np.maximum(red - (green + blue) / 2, 0)
    only_green = np.maximum(green - (red + blue) / 2, 0)
    only_blue = np.maximum(blue - (red + green) / 2, 0)
    yellow = np.maximum((red + green) / 2 - np.abs(red - green) / 2 - blue, 0)
    grey = _pyramid(intensity)
    channels = {
        "intensity": grey,
        "red-green": _pyramid(only_red - only_green),
        "blue-yellow": _pyramid(only_blue - yellow),
    }
    return channels | {str(angle): _oriented(grey, angle) for angle in ANGLES}


def _pyramid(plane: FloatArray) -> Pyramid:
    levels = [plane]
    for _ in range(_COARSEST):
        levels.append(np.asarray(cv2.pyrDown(levels[-1]), dtype=np.float32))
    return levels


def _oriented(grey: Pyramid, angle: int) -> Pyramid:
    """Strength of edges and lines along `angle` at each scale; the two finest are not needed."""
    even, odd = _gabor(angle)
    needed = grey[min(CENTRES) :]
    magnitudes = [
        cv2.magnitude(cv2.filter2D(g, -1, even), cv2.filter2D(g, -1, odd)) for g in needed
    ]
    return [*grey[: min(CENTRES)], *magnitudes]


@lru_cache
def _gabor(angle: int) -> tuple[FloatArray, FloatArray]:
    """Even and odd filter for lines along `angle`, degrees counter-clockwise from the horizontal.

    Without a response to uniform areas; a matching grating of contrast 1 gives about 1/2.
    """
    reach = 7
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float64)
    turned = math.radians(angle)
    across = x * math.sin(turned) + y * math.cos(turned)
    envelope = np.exp(-(x**2 + y**2) / (2 * (_WAVELENGTH / 3) ** 2))
    wave = 2 * math.pi * across / _WAVELENGTH
    envelope /= envelope.sum()
    even = envelope * (np.cos(wave) - (envelope * np.cos(wave)).sum())
    return even.astype(np.float32), (envelope * np.sin(wave)).astype(np.float32)


def _contrast(centre: FloatArray, surround: FloatArray) -> FloatArray:
    """|centre - surround| on the centre's grid."""
    return np.asarray(np.abs(centre - _on_grid(surround, centre.shape)), dtype=np.float32)


def _across_scales(
    features: dict[tuple[str, int, int], FloatArray], channel: str, size: tuple[int, ...]
) -> FloatArray:
    """Sum of a channel's six maps after N, at scale 4."""
    total = np.zeros(size, np.float32)
    for (name, _, _), values in features.items():
        if name == channel:
            total += _on_grid(normalise_map(values), size)
    return total


def _on_grid(values: FloatArray, size: tuple[int, ...]) -> FloatArray:
    smaller = values.shape[0] > size[0] or values.shape[1] > size[1]
    method = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(values, size[::-1], interpolation=method), dtype=np.float32)
