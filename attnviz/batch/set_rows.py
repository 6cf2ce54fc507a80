"""Which rows of a set are wanted, and in which order: over all rows, without leaving Arrow."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pyarrow
import pyarrow.compute as arrow

from attnviz.batch.orders import OFF_CENTRE, column_values
from attnviz.types import IntArray

_FOUND_IN = ("path", "group", "top1", "error")
_LONGEST = 200


class Only(StrEnum):
    """Which pictures are wanted."""

    ALL = "all"
    SURE = "sure"
    UNSURE = "not sure"
    FLAT = "flat maps"
    ERRORS = "errors"


@dataclass(frozen=True)
class RowChoice:
    """What is wanted of a set.

    Attributes
    ----------
    find
        Text in path, group, class or error, in capital letters or not.
    only
        Which kind of pictures.
    by
        Column by which rows are sorted, of the scores or `OFF_CENTRE`; empty for their order.
    descending
        Whether large values come first.

    Examples
    --------
    >>> scores = pyarrow.table({"path": ["b", "a"], "group": ["", ""], "top1": ["cat", "dog"],
    ...                         "error": pyarrow.array([None, None], pyarrow.string())})
    >>> RowChoice(by="path").rows(scores).tolist()
    [1, 0]
    >>> RowChoice(find="CAT").rows(scores).tolist()
    [0]
    """

    find: str = ""
    only: Only = Only.ALL
    by: str = ""
    descending: bool = False

    def rows(self, scores: pyarrow.Table, among: IntArray | None = None) -> IntArray:
        """Return the rows that are wanted.

        Parameters
        ----------
        scores
            Of a `ResultFolder`.
        among
            int64 [k], rows to choose among, in an order of their own; None for all.

        Returns
        -------
        int64 [n]
            Row numbers, first the first; rows without a value of the column come last.
        """
        rows = np.arange(len(scores)) if among is None else np.asarray(among, np.int64)
        rows = rows[(rows >= 0) & (rows < len(scores))]
        rows = rows[self._fits(scores).to_numpy(zero_copy_only=False)[rows]]
        if self.by:
            place = np.empty(len(scores), np.int64)
            place[_sorted(scores, self.by, descending=self.descending)] = np.arange(len(scores))
            rows = rows[np.argsort(place[rows], kind="stable")]
        return np.asarray(rows, np.int64)

    def _fits(self, scores: pyarrow.Table) -> pyarrow.ChunkedArray:
        everything = pyarrow.array(np.ones(len(scores), bool))
        kind = {
            Only.SURE: lambda: arrow.fill_null(scores["sure"], False),
            Only.UNSURE: lambda: arrow.invert(arrow.fill_null(scores["sure"], True)),
            Only.FLAT: lambda: arrow.fill_null(scores["flat"], False),
            Only.ERRORS: lambda: arrow.is_valid(scores["error"]),
        }.get(self.only, lambda: everything)()
        words = self.find.strip()[:_LONGEST]
        if not words:
            return arrow.and_(kind, everything)
        found = pyarrow.array(np.zeros(len(scores), bool))
        for name in _FOUND_IN:
            here = arrow.match_substring(scores[name], words, ignore_case=True)
            found = arrow.or_(found, arrow.fill_null(here, False))
        return arrow.and_(kind, found)


def _sorted(scores: pyarrow.Table, column: str, *, descending: bool) -> IntArray:
    """All rows by a column; equal ones stay in their order, and those without a value come last."""
    if column == OFF_CENTRE or not pyarrow.types.is_string(scores.schema.field(column).type):
        values = column_values(scores, column)
        return np.asarray(np.argsort(-values if descending else values, kind="stable"))
    texts = scores[column].combine_chunks().dictionary_encode()
    ranks = np.argsort(np.argsort(np.asarray(texts.dictionary.to_pylist(), dtype=object)))
    codes = texts.indices.cast(pyarrow.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False)
    known = ~np.isnan(codes)
    values = np.full(len(codes), np.nan)
    values[known] = ranks[codes[known].astype(np.int64)]
    return np.asarray(np.argsort(-values if descending else values, kind="stable"))
