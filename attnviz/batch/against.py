"""Another network's results over the same pictures, stored beside those of the first."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
from typing import Any

import pyarrow
import pyarrow.parquet

from attnviz.batch.disagreements import Disagreement, SetComparison, compare_sets
from attnviz.batch.page_columns import packed_numbers, packed_words
from attnviz.batch.page_scripts import other_script
from attnviz.batch.parts import ResultFolder
from attnviz.batch.rows import geometry_of
from attnviz.batch.small_pictures import ShownFocus, shown_focus
from attnviz.batch.stored_maps import StoredMaps
from attnviz.progress import Progress

TABLE = "against.parquet"
_SCHEMA = pyarrow.schema(
    [
        ("index", pyarrow.int64()),
        ("other", pyarrow.int64()),
        ("path", pyarrow.string()),
        ("top", pyarrow.string()),
        ("other_top", pyarrow.string()),
        ("probability", pyarrow.float32()),
        ("other_probability", pyarrow.float32()),
        ("correlation", pyarrow.float32()),
        ("overlap", pyarrow.float32()),
    ]
)


def write_against(
    folder: ResultFolder, other: ResultFolder, progress: Progress | None = None
) -> SetComparison:
    """Compare with another network's results, and store what the page shows of it.

    Parameters
    ----------
    folder
        Whole. It gets `against.parquet`, disagreements first, the other network's small focus of
        each picture, and the numbers of the whole in its manifest.
    other
        Whole, over the same pictures.
    progress
        As for `compare_sets`.

    Returns
    -------
    SetComparison

    Raises
    ------
    OutputError
        As `compare_sets`, or nothing can be written.
    """
    found = compare_sets(folder, other, progress)
    folder.write_rows(TABLE, [asdict(row) for row in found.rows], _SCHEMA)
    _write_focuses(folder, other, found.rows)
    folder.add_to_manifest(against={"folder": str(other.path), **found.summary()})
    return found


def _write_focuses(
    folder: ResultFolder, other: ResultFolder, rows: tuple[Disagreement, ...]
) -> None:
    size = int(folder.manifest()["part"])
    scores, maps = other.scores().to_pylist(), StoredMaps(other)
    parts: dict[int, list[Disagreement]] = defaultdict(list)
    for row in rows:
        parts[row.index // size].append(row)
    for number, some in parts.items():
        shown: list[ShownFocus | None] = [None] * size
        for row in some:
            theirs = scores[row.other]
            values = maps.of_layer(row.other, theirs["layer"])
            if values is not None:
                shown[row.index - number * size] = shown_focus(values, geometry_of(theirs))
        name, text = other_script(number, shown)
        folder.write_text(f"index/{name}.js", text)


def against_columns(folder: ResultFolder, count: int) -> dict[str, Any]:
    """Return the columns that the page has of the other network; none where there is none.

    Parameters
    ----------
    folder
        With the results.
    count
        How many pictures they have.

    Returns
    -------
    dict of str to Any
        As `packed_columns`; `disagreement` is the place among the disagreements, from 0.
    """
    if "against" not in folder.manifest():
        return {}
    rows = pyarrow.parquet.read_table(folder.path / TABLE, schema=_SCHEMA).to_pylist()
    columns: dict[str, list[Any]] = {
        name: [None] * count
        for name in ("other_top", "other_probability", "overlap", "same_top", "disagreement")
    }
    for place, row in enumerate(rows):
        told = {**row, "same_top": row["top"] == row["other_top"], "disagreement": place}
        for name, values in columns.items():
            values[row["index"]] = told[name]
    other_top = pyarrow.chunked_array([pyarrow.array(columns.pop("other_top"), pyarrow.string())])
    return {
        "other_top": packed_words(other_top),
        **{
            name: packed_numbers(pyarrow.chunked_array([values]))
            for name, values in columns.items()
        },
    }
