"""A folder of five sample photos with invented fixations, as the page "People" reads it."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from attnviz.pictures import open_sample

SAMPLES = ("astronaut", "chelsea", "china", "coffee", "flower")


def five_photos(
    folder: Path, side: int = 240, changes: dict[str, Any] | None = None, copies: int = 1
) -> Path:
    """Four viewers each look about the same three places; `changes` replaces or adds entries.

    With `copies`, so many of each photo, with other fixations.
    """
    folder.mkdir()
    random = np.random.default_rng(11)
    table: dict[str, Any] = {}
    for name, copy in product(SAMPLES, range(copies)):
        picture = open_sample(name).reduced(side)
        file = f"{name}{copy or ''}.png"
        Image.fromarray(picture.pixels).save(folder / file)
        places = random.uniform(0.2, 0.8, (3, 2)) * (picture.width, picture.height)
        viewers = []
        for _ in range(4):
            spots = places + random.normal(0, 3, places.shape)
            x, y = spots.T.round(1).tolist()
            viewers.append({"x": x, "y": y, "ms": [200, 300, 250]})
        table[file] = viewers
    (folder / "fixations.json").write_text(json.dumps(table | (changes or {})), encoding="utf-8")
    return folder
