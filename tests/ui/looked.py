"""A folder of five sample photos with invented fixations, as the page "People" reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from attnviz.pictures import open_sample

SAMPLES = ("astronaut", "chelsea", "china", "coffee", "flower")


def five_photos(folder: Path, side: int = 240, changes: dict[str, Any] | None = None) -> Path:
    """Four viewers each look about the same three places; `changes` replaces or adds entries."""
    folder.mkdir()
    random = np.random.default_rng(11)
    table: dict[str, Any] = {}
    for name in SAMPLES:
        picture = open_sample(name).reduced(side)
        Image.fromarray(picture.pixels).save(folder / f"{name}.png")
        places = random.uniform(0.2, 0.8, (3, 2)) * (picture.width, picture.height)
        viewers = []
        for _ in range(4):
            spots = places + random.normal(0, 3, places.shape)
            x, y = spots.T.round(1).tolist()
            viewers.append({"x": x, "y": y, "ms": [200, 300, 250]})
        table[f"{name}.png"] = viewers
    (folder / "fixations.json").write_text(json.dumps(table | (changes or {})), encoding="utf-8")
    return folder
