"""The picture and the maps on which the viewer is tested."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from attnviz.pictures import open_sample
from attnviz.pictures.geometry import PictureGeometry
from attnviz.pictures.jpeg import jpeg
from attnviz.ui.components.viewer import Content, Layer

SIZE = (384, 512)
LAYERS = 6
SHADES = tuple(40 * (index + 1) for index in range(LAYERS))


@cache
def known_pixels() -> np.ndarray:
    """A photo with fine detail, uint8 [384, 512, 3]."""
    height, width = SIZE
    photo = open_sample("china").pixels
    return np.asarray(cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


@cache
def known_lights() -> np.ndarray:
    """Lights of 6 x 6 px on black, far from each other and from layer 0's focus."""
    pixels = np.zeros((*SIZE, 3), np.uint8)
    for row in (60, 160):
        for column in (250, 350, 450):
            pixels[row - 3 : row + 3, column - 3 : column + 3] = 255
    return pixels


def known_maps(side: int) -> list[np.ndarray]:
    """A bump that wanders over the picture from layer to layer, on side x side cells."""
    rows, columns = np.mgrid[0:side, 0:side].astype(np.float32) / (side - 1)
    maps = []
    for index in range(LAYERS):
        share = index / (LAYERS - 1)
        off = (columns - 0.2 - 0.6 * share) ** 2 + (rows - 0.7 + 0.4 * share) ** 2
        maps.append((3.0 + index) * np.exp(-off / (2 * 0.2**2)).astype(np.float32))
    return maps


def known_content(
    side: int,
    *,
    mattes: bool = False,
    crop: bool = False,
    flat: bool = False,
    lights: bool = False,
    frames: bool = False,
) -> Content:
    """The picture with six layers of side x side cells.

    mattes: discs with a steep edge as well. crop: the network saw the middle square alone. flat:
    layer 4 has no place that stands out. lights: a few of them on black, instead of the photo.
    frames: a picture of its own for each layer, in the greys of `SHADES`.
    """
    height, width = SIZE
    cut = (width - height) / 2 if crop else 0.0
    geometry = PictureGeometry(SIZE, (0.0, cut, float(height), width - cut), (224, 224))
    maps = known_maps(side)
    if flat:
        maps[4] = np.full((side, side), 2.0, np.float32)
    layers = [Layer(f"block {i}", values) for i, values in enumerate(maps)]
    discs = [known_matte(index) for index in range(LAYERS)] if mattes else None
    pixels = known_lights() if lights else known_pixels()
    greys = [np.full_like(pixels, shade) for shade in SHADES] if frames else None
    return Content(
        pixels if greys is None else greys[0],
        geometry,
        layers,
        "Attention",
        "Made up.",
        mattes=discs,
        frames=None if greys is None else [jpeg(grey) for grey in greys],
    )


def known_matte(index: int) -> np.ndarray:
    """A disc of radius 80 px with an edge of 3 px, float32 in 0..1."""
    height, width = SIZE
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    distance = np.hypot(columns - 120 - 50 * index, rows - 200)
    return np.clip((80 - distance) / 3 + 0.5, 0, 1).astype(np.float32)
