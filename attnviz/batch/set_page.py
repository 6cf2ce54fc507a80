"""The page over a set of pictures, which opens from a disk without a server or a network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow

from attnviz.batch.clusters import MapCluster, find_clusters, labels_of, places_of
from attnviz.batch.orders import ORDERS
from attnviz.batch.parts import ResultFolder

_FILES = Path(__file__).resolve().parent / "page"
_TEXTS = ("group", "top1", "top2", "method", "layer", "target", "error")
_NUMBERS = {
    "probability1": 4, "probability2": 4, "margin": 4, "focus_share": 3, "entropy": 4,
    "centre_y": 3, "centre_x": 3, "spread": 3, "inside_box": 3,
}  # fmt: skip


def write_page(folder: ResultFolder, title: str, part: int) -> None:
    """Write `index.html`, and the rows that it shows, from the results of a run.

    Parameters
    ----------
    folder
        With scores, maps and small pictures.
    title
        Of the page, such as the model's name.
    part
        How many pictures a part has.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    scores = folder.scores()
    indices, places = places_of(scores, folder.maps())
    clusters = find_clusters(indices, places, labels_of(scores, indices))
    content = {
        "title": title,
        "part": part,
        "count": len(scores),
        "columns": _columns(scores),
        "orders": [(one.title, one.column, -1 if one.descending else 1) for one in ORDERS.values()],
        "clusters": [_cluster(one) for one in clusters],
    }
    # ASCII, and no part of the page itself: what a file is called can end no script.
    folder.write_text("index/rows.js", f"attnvizSet({json.dumps(content, allow_nan=False)});\n")
    for path in sorted(_FILES.iterdir()):
        name = path.name if path.suffix == ".html" else f"index/{path.name}"
        folder.write_bytes(name, path.read_bytes())


def _columns(scores: pyarrow.Table) -> dict[str, Any]:
    """Columns by name: texts as [distinct texts, index of each row], flags as 0 and 1."""
    columns: dict[str, Any] = {"path": scores["path"].to_pylist()}
    for name in _TEXTS:
        coded = scores[name].combine_chunks().dictionary_encode()
        columns[name] = [coded.dictionary.to_pylist(), coded.indices.to_pylist()]
    for name, digits in _NUMBERS.items():
        columns[name] = [
            None if value is None else round(value, digits) for value in scores[name].to_pylist()
        ]
    for name in ("flat", "sure"):
        columns[name] = [None if one is None else int(one) for one in scores[name].to_pylist()]
    return {name: values for name, values in columns.items() if name != "inside_box" or any(values)}


def _cluster(one: MapCluster) -> dict[str, Any]:
    return {
        "members": one.members.tolist(),
        "place": [round(float(value), 4) for value in one.place.ravel()],
        "label": one.label,
        "purity": round(one.purity, 3),
        "usual": round(one.usual, 3),
        "distance": round(one.distance, 3),
        "suspicion": round(one.suspicion, 4),
    }
