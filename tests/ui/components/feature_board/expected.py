"""Features as they are packed, and their exact cosines, for the browser's side to match."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np

from attnviz.analysis.features import PatchFeatures
from attnviz.pictures import open_picture
from attnviz.pictures.geometry import PictureGeometry
from attnviz.ui.components.feature_board import BoardPicture, pack

POINT = 0.7, 0.4  # of the first picture, 5 x 8 patches: row 2, column 5


def pictures() -> tuple[BoardPicture, BoardPicture]:
    """A whole picture and one of whose width only the middle half was seen; 48 numbers a patch."""
    random = np.random.default_rng(2)
    common = random.normal(size=48) * 2

    def one(name: str, rows: int, columns: int, box: tuple[float, ...]) -> BoardPicture:
        values = (random.normal(size=(rows, columns, 48)) + common).astype(np.float32)
        values[0, 0] = 0
        values[0, 1] *= 1e4  # lengths are not sent
        pixels = random.integers(0, 255, (100, 160, 3), np.uint8)
        geometry = PictureGeometry((100, 160), box, (8 * rows, 8 * columns))  # type: ignore[arg-type]
        found = PatchFeatures(values, "last", geometry, open_picture(pixels, name=name))
        return BoardPicture(name, found, random.integers(0, 255, (rows, columns, 3), np.uint8))

    return (
        one("whole", 5, 8, (0.0, 0.0, 100.0, 160.0)),
        one("middle", 4, 3, (0.0, 40.0, 100.0, 120.0)),
    )


def write(folder: Path) -> None:
    """Write `features.json`."""
    first, second = pictures()
    facts = {
        "blob": base64.b64encode(pack((first, second))).decode(),
        "patch": 2 * 8 + 5,
        "similarity": [
            first.features.similarity(*POINT, other.features).ravel().astype(float).tolist()
            for other in (first, second)
        ],
        "colours": [one.colours.ravel().tolist() for one in (first, second)],
    }
    (folder / "features.json").write_text(json.dumps(facts), encoding="utf-8")
