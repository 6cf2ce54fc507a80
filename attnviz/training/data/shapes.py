"""A small synthetic data set: shapes on a busy background, generated from a seed.

The class shows in one region alone, so attention has something to find.
"""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np

from attnviz.files import write_atomically
from attnviz.types import DoubleArray, Pixels

SHAPES = ("circle", "square", "star", "triangle")
PER_CLASS = 60


def write_shapes(folder: Path, per_class: int = PER_CLASS, side: int = 64, seed: int = 0) -> None:
    """Write PNG pictures of each shape into a folder of its own; each file is written atomically.

    Parameters
    ----------
    folder
        Where the class folders go.
    per_class
        Pictures of each shape.
    side
        Side in pixels.
    seed
        Random seed.

    Raises
    ------
    TrainingError
        A picture cannot be written.
    OSError
        A folder cannot be made.
    """
    for number, shape in enumerate(SHAPES):
        random = np.random.default_rng([seed, number])
        (folder / shape).mkdir(parents=True, exist_ok=True)
        for index in range(per_class):
            _write(_path(folder, shape, index), shape_picture(shape, side, random))


def has_all_shapes(folder: Path, per_class: int = PER_CLASS) -> bool:
    """Whether all pictures of `write_shapes` exist; a kill or a full disk may leave some out."""
    return all(
        _path(folder, shape, index).is_file() for shape in SHAPES for index in range(per_class)
    )


def _path(folder: Path, shape: str, index: int) -> Path:
    return folder / shape / f"{index:03d}.png"


def _write(path: Path, pixels: Pixels) -> None:
    """uint8 [side, side, 3] as PNG; encoded in memory, as OpenCV hides write errors."""
    _, encoded = cv2.imencode(".png", pixels[..., ::-1])
    write_atomically(path, lambda partial: partial.write_bytes(bytes(encoded)))


def shape_picture(shape: str, side: int, random: np.random.Generator) -> Pixels:
    """Draw one shape of random size, position, rotation and colour.

    The background has blotches and lines in colours of the same range, so that colour alone does
    not reveal the class.

    Parameters
    ----------
    shape
        One of `SHAPES`.
    side
        Side in pixels.
    random
        Source of all random choices.

    Returns
    -------
    Pixels
        uint8 [side, side, 3].
    """
    coarse = random.integers(0, 256, (5, 5, 3)).astype(np.uint8)
    background = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    background = 0.6 * background + random.normal(0, 12, background.shape)
    pixels = np.ascontiguousarray(background.clip(0, 255).astype(np.uint8))
    for _ in range(3):
        first, second = random.integers(0, side, (2, 2)).tolist()
        cv2.line(pixels, first, second, random.integers(0, 256, 3).tolist(), 1, cv2.LINE_AA)
    radius = side * random.uniform(0.14, 0.22)
    middle = random.uniform(radius, side - radius, 2)
    corners = _corners(shape, radius, random.uniform(0, 2 * math.pi)) + middle
    colour = (random.integers(150, 256, 3) * random.integers(0, 2, 3)).tolist()
    fixed = np.rint(corners * 16).astype(np.int32)  # OpenCV takes sixteenths of a pixel
    cv2.fillPoly(pixels, [fixed], colour if any(colour) else [255, 255, 255], cv2.LINE_AA, 4)
    return pixels


def _corners(shape: str, radius: float, turn: float) -> DoubleArray:
    """float64 [n, 2] around the origin."""
    count = {"circle": 40, "square": 4, "star": 10, "triangle": 3}[shape]
    angles = turn + np.arange(count) * 2 * math.pi / count
    lengths = np.full(count, radius)
    if shape == "star":
        lengths[1::2] *= 0.42
    return np.stack([lengths * np.cos(angles), lengths * np.sin(angles)], 1)
