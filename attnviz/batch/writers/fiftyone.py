"""FiftyOne: predictions and focus of a set, in the JSON format that it imports."""

from __future__ import annotations

import base64
import io
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from attnviz.batch.writers.base import (
    SET_WRITERS,
    SetResults,
    SetWriter,
    WrittenPicture,
    write_whole,
)
from attnviz.types import AnyArray

_LONGEST = 64  # cells of a heatmap's longer side; FiftyOne stretches it over the picture
_NUMBERS = ("margin", "focus_share", "entropy", "spread", "inside_box", "blur_budget")


@SET_WRITERS.add
class FiftyOneFolder(SetWriter):
    """`samples.json` and `metadata.json`, for `fiftyone.Dataset.from_dir`.

    Read it as `fiftyone.types.FiftyOneDataset`. Each sample has the path of its picture, its
    `prediction` as a Classification, its `focus` as a Heatmap in 0..1, and numbers of the table.
    Pictures are not copied; those in archives and the frames of videos have no file of their own,
    and are left out.
    """

    name: ClassVar[str] = "fiftyone"
    place: ClassVar[str] = "DIR"
    title: ClassVar[str] = "Also write a folder that FiftyOne imports: predictions and heatmaps."

    def write(self, results: SetResults, path: Path) -> str:
        """See `SetWriter`."""
        left_out = 0

        def write(partial: Path) -> None:
            nonlocal left_out
            with partial.open("w", encoding="ascii") as file:
                file.write('{"samples": [')
                for at, sample in enumerate(_samples(results)):
                    file.write(("," if at else "") + "\n" + json.dumps(sample))
                    left_out -= 1
                file.write("\n]}\n")
            left_out += len(results.rows)

        write_whole(path / "samples.json", write)
        # Without a version: FiftyOne then reads samples as they are, by whatever version of it.
        metadata = {"media_type": "image", "info": {"attnviz": results.provenance}}
        text = json.dumps(metadata, indent=1)
        write_whole(path / "metadata.json", lambda partial: partial.write_text(text, "ascii"))
        if not left_out:
            return ""
        return f"Not in {path}, for want of a file of their own: {left_out:,} of the pictures."


def _samples(results: SetResults) -> Iterator[dict[str, Any]]:
    for picture in results.pictures():
        path = Path(picture.row["path"]).absolute()
        if path.is_file():
            yield _sample(picture, path)


def _sample(picture: WrittenPicture, path: Path) -> dict[str, Any]:
    row = picture.row
    sample: dict[str, Any] = {
        "filepath": str(path),
        "tags": [row["group"]] if row["group"] else [],
        "metadata": {"_cls": "ImageMetadata", "width": row["width"], "height": row["height"]},
        "sha256": row["sha256"],
        "method": row["method"],
        "layer": row["layer"],
        "target": row["target"],
        **{name: row[name] for name in _NUMBERS if row.get(name) is not None},
    }
    if row["top1"] is not None:
        sample["prediction"] = {
            "_cls": "Classification",
            "label": row["top1"],
            "confidence": row["probability1"],
        }
    focus = picture.focus(_LONGEST)
    if focus is not None:
        sample["focus"] = {"_cls": "Heatmap", "map": _array(focus.values), "range": [0.0, 1.0]}
    return sample


def _array(values: AnyArray) -> dict[str, Any]:
    """An array as FiftyOne stores it: NumPy's own format, by zlib, as binary of extended JSON."""
    file = io.BytesIO()
    np.save(file, values.astype(np.float32), allow_pickle=False)
    coded = base64.b64encode(zlib.compress(file.getvalue())).decode("ascii")
    return {"$binary": {"base64": coded, "subType": "00"}}
