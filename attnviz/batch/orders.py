"""The orders in which pictures of a set are looked at: the odd and the telling ones first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow

from attnviz.types import DoubleArray

OFF_CENTRE = "off_centre"
"""Distance of a map's centre of mass from the middle of the input, in shares of its sides."""


@dataclass(frozen=True)
class PictureOrder:
    """An order of a set.

    Attributes
    ----------
    title
        What is seen when it is chosen.
    column
        Of the scores, or `OFF_CENTRE`.
    descending
        Whether large values come first.
    """

    title: str
    column: str
    descending: bool

    def values(self, scores: pyarrow.Table) -> DoubleArray:
        """Return a value for each row, by which rows ascend; NaN where none is known."""
        return column_values(scores, self.column) * (-1 if self.descending else 1)


ORDERS = {
    "certain": PictureOrder("most certain first", "probability1", True),
    "uncertain": PictureOrder("least certain first", "margin", False),
    "flat": PictureOrder("flattest maps first", "entropy", True),
    "central": PictureOrder("nearest to the centre first", OFF_CENTRE, False),
    "off-centre": PictureOrder("farthest from the centre first", OFF_CENTRE, True),
    "outside-box": PictureOrder("most outside the box first", "inside_box", False),
}
"""By the names that `attnviz batch --focus` takes."""


def column_values(scores: pyarrow.Table, column: str) -> DoubleArray:
    """Return a column of numbers.

    Parameters
    ----------
    scores
        Of a `ResultFolder`.
    column
        Its name, or `OFF_CENTRE`.

    Returns
    -------
    float64 [n]
        NaN where a value is missing.
    """
    if column == OFF_CENTRE:
        y, x = (column_values(scores, axis) - 0.5 for axis in ("centre_y", "centre_x"))
        return np.asarray(np.hypot(y, x))
    values = scores[column].cast(pyarrow.float64()).fill_null(np.nan)
    return np.asarray(values.to_numpy(), dtype=np.float64)
