"""A small set of pictures that costs nothing: shapes before a busy ground, made by a seed.

Which shape it is can be told from one place alone, so attention has something to find.
"""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np

from attnviz.files import write_whole
from attnviz.types import DoubleArray, Pixels

SHAPES = ("circle", "square", "star", "triangle")


PER_CLASS = 60


def write_shapes(folder: Path, per_class: int = PER_CLASS, side: int = 64, seed: int = 0) -> None:
    """Write `per_class` PNG pictures of each shape into a folder of its own.

    Each picture is written as a whole or not at all. Raises TrainingError where one cannot be, and
    OSError where there can be no such folder.
    """
    for number, shape in enumerate(SHAPES):
        random = np.random.default_rng([seed, number])
        (folder / shape).mkdir(parents=True, exist_ok=True)
        for index in range(per_class):
            _write(_path(folder, shape, index), shape_picture(shape, side, random))


def has_all_shapes(folder: Path, per_class: int = PER_CLASS) -> bool:
    """Whether each picture of `write_shapes` is there: a full disk or a kill leaves a part."""
    return all(
        _path(folder, shape, index).is_file() for shape in SHAPES for index in range(per_class)
    )


def _path(folder: Path, shape: str, index: int) -> Path:
    return folder / shape / f"{index:03d}.png"


def _write(path: Path, pixels: Pixels) -> None:
    """uint8 [side, side, 3] as PNG; made in memory, for OpenCV hides why a disk refuses."""
    _, encoded = cv2.imencode(".png", pixels[..., ::-1])
    write_whole(path, lambda partial: partial.write_bytes(bytes(encoded)))


def shape_picture(shape: str, side: int, random: np.random.Generator) -> Pixels:
    """uint8 [side, side, 3]: one shape of a random size, place, turn and colour.

    The ground has blotches and lines in colours of the same range, so that colour alone tells
    nothing.
    """
    coarse = random.integers(0, 256, (5, 5, 3)).astype(np.uint8)
    ground = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    ground = 0.6 * ground + random.normal(0, 12, ground.shape)
    pixels = np.ascontiguousarray(ground.clip(0, 255).astype(np.uint8))
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
