"""A small data set that can be learned: red discs against blue squares, on noise."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from attnviz.training.recipe import Phase, Recipe


def draw(kind: int, seed: int, side: int = 32) -> np.ndarray:
    random = np.random.default_rng(seed)
    pixels = random.integers(60, 120, (side, side, 3))
    y, x = np.mgrid[:side, :side]
    cy, cx = random.integers(10, side - 10, 2)
    if kind == 0:
        pixels[(y - cy) ** 2 + (x - cx) ** 2 < 49] = (220, 40, 40)
    else:
        pixels[(abs(y - cy) < 6) & (abs(x - cx) < 6)] = (40, 60, 220)
    return pixels.astype(np.uint8)


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """train/ and val/ with the folders a and b, 24 and 8 pictures each, named in classes.json."""
    root = tmp_path_factory.mktemp("shapes")
    for part, count, first in (("train", 24, 0), ("val", 8, 1000)):
        for kind, folder in enumerate("ab"):
            (root / part / folder).mkdir(parents=True)
            for number in range(count):
                path = root / part / folder / f"{number}.png"
                Image.fromarray(draw(kind, first + number)).save(path)
    (root / "classes.json").write_text(json.dumps({"a": "red disc", "b": "blue square"}))
    return root


@pytest.fixture
def recipe() -> Recipe:
    return Recipe(
        phases=(Phase(2, 32),), store=32, batch=8, rate=0.02, warm_up=0.5, average=0.9, crop=0.6
    )
