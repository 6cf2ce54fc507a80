"""The tables of a run's results, read as what anybody may have written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.compute

from attnviz.batch.rows import MAPS, SCORES
from attnviz.errors import OutputError
from attnviz.untrusted.tables import MOST_ROWS, read_table
from attnviz.untrusted.values import (
    UNREADABLE,
    checked_count,
    checked_object,
    checked_text,
    read_json,
    reason_of,
)

_LONGEST_SIDE = 4096  # of a map, in cells
_MOST_BYTES = 10_000_000  # of a manifest


def read_scores(path: Path) -> pyarrow.Table:
    """Read the scores of a run.

    Parameters
    ----------
    path
        A Parquet file with the columns of `SCORES`.

    Returns
    -------
    pyarrow.Table
        A row for each picture, in their order; every number is finite, or missing.

    Raises
    ------
    OutputError
        It cannot be read, or was written by something else.
    """
    try:
        table = read_table(path, SCORES)
        if table["index"].to_pylist() != list(range(len(table))):
            raise ValueError("its rows are not numbered from 0")
        _require(table, "path")
        for name in SCORES.names:
            if pyarrow.types.is_floating(SCORES.field(name).type):
                _check_finite(table[name], name)
    except (OSError, *UNREADABLE) as error:
        raise _unreadable(path, error) from error
    return table


def read_maps(path: Path) -> pyarrow.Table:
    """Read the maps of a part of a run.

    Parameters
    ----------
    path
        A Parquet file with the columns of `MAPS`.

    Returns
    -------
    pyarrow.Table
        Rows whose values are a map of so many rows and columns, all finite; in one chunk.

    Raises
    ------
    OutputError
        It cannot be read, or was written by something else.
    """
    try:
        table = read_table(path, MAPS).combine_chunks()
        _require(table, *MAPS.names)
        rows, columns = (np.asarray(table[name], np.int64) for name in ("rows", "columns"))
        sides = np.concatenate([rows, columns]) if len(table) else np.ones(1, np.int64)
        sizes = np.asarray(pyarrow.compute.list_value_length(table["values"]), np.int64)
        if not 1 <= sides.min() <= sides.max() <= _LONGEST_SIDE or (rows * columns != sizes).any():
            raise ValueError("a map has other values than its rows and columns say")
        if (np.diff(np.asarray(table["index"], np.int64)) < 0).any():
            raise ValueError("its rows are not in the order of the pictures")
        _check_finite(table["scale"], "scale")
        values = pyarrow.compute.list_flatten(table["values"])
        if values.null_count or not np.isfinite(np.asarray(values, np.float16)).all():
            raise ValueError("a map holds NaN or infinity")
    except (OSError, *UNREADABLE) as error:
        raise _unreadable(path, error) from error
    return table


def read_manifest(path: Path) -> dict[str, Any]:
    """Read what is said of results that are whole.

    Parameters
    ----------
    path
        A JSON file.

    Returns
    -------
    dict
        Its "question" is an object with the name of a "model" and a number of "pictures"; "part"
        and "errors" are whole numbers.

    Raises
    ------
    OutputError
        It cannot be read, or was written by something else.
    """
    try:
        manifest = read_json(path, _MOST_BYTES)
        question = checked_object(manifest["question"])
        checked_text(question["model"], "the model's name")
        checked_count(question["pictures"], 0, MOST_ROWS, "the number of pictures")
        checked_count(manifest["part"], 1, MOST_ROWS, "the size of a part")
        checked_count(manifest["errors"], 0, MOST_ROWS, "the number of errors")
    except (OSError, *UNREADABLE) as error:
        raise _unreadable(path, error) from error
    return manifest


def _require(table: pyarrow.Table, *names: str) -> None:
    missing = next((name for name in names if table[name].null_count), None)
    if missing is not None:
        raise ValueError(f"its column {missing!r} has gaps")


def _check_finite(values: pyarrow.ChunkedArray, name: str) -> None:
    if pyarrow.compute.all(pyarrow.compute.is_finite(values)).as_py() is False:
        raise ValueError(f"its column {name!r} holds NaN or infinity")


def _unreadable(path: Path, error: BaseException) -> OutputError:
    return OutputError(
        f"{path} cannot be read as results of `attnviz batch` ({reason_of(error)}). Run it again, "
        "with a new folder as --out."
    )
