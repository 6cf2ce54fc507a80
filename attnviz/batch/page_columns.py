"""The columns of a set as its page gets them: compact, since 60,000 rows are read at once."""

from __future__ import annotations

import base64
import os
from typing import Any

import numpy as np
import pyarrow

from attnviz.types import AnyArray

_TEXTS = ("group", "top1", "top2", "method", "layer", "target", "error")
_NUMBERS = (
    *("probability1", "probability2", "margin", "focus_share", "entropy"),
    *("centre_y", "centre_x", "spread", "inside_box", "blur_budget"),
)
_FLAGS = ("flat", "sure")
_MISSING = 255


def packed_columns(scores: pyarrow.Table) -> dict[str, Any]:
    """Return the columns that the page shows or sorts by, but for those without a value.

    Parameters
    ----------
    scores
        Of a `ResultFolder`.

    Returns
    -------
    dict of str to Any
        By name, as JSON has them: `texts` behind a common `prefix`; `words` and the place of each
        row's among them, `codes`; or `numbers`, NaN where one is missing; `flags`, 0 or 1, and 255
        where one is missing. Arrays are in base64, see `packed`.
    """
    columns: dict[str, Any] = {"path": _paths(scores["path"].to_pylist())}
    for name in _TEXTS:
        if scores[name].null_count < len(scores):
            columns[name] = packed_words(scores[name])
    for name in _NUMBERS:
        if scores[name].null_count < len(scores):
            columns[name] = packed_numbers(scores[name])
    for name in _FLAGS:
        known = scores[name].cast(pyarrow.uint8()).fill_null(_MISSING)
        columns[name] = {"flags": packed(known.to_numpy())}
    return columns


def packed_words(column: pyarrow.ChunkedArray) -> dict[str, Any]:
    """Return texts of which many are equal; -1 stands for a missing one."""
    coded = column.combine_chunks().dictionary_encode()
    places = coded.indices.fill_null(-1).to_numpy()
    return {"words": coded.dictionary.to_pylist(), "codes": packed(places.astype("<i4"))}


def packed_numbers(column: pyarrow.ChunkedArray) -> dict[str, str]:
    """Return numbers, NaN where one is missing."""
    known = column.cast(pyarrow.float32()).fill_null(np.nan)
    return {"numbers": packed(known.to_numpy().astype("<f4"))}


def packed(values: AnyArray) -> str:
    """Return an array's bytes, little-endian, in base64."""
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")


def _paths(paths: list[str]) -> dict[str, Any]:
    prefix = os.path.commonprefix(paths) if len(paths) > 1 else ""  # noqa: RUF071 - of the texts
    return {"prefix": prefix, "texts": [path[len(prefix) :] for path in paths]}
