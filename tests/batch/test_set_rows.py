"""Which rows of a set are wanted, and in which order, by hand."""

from __future__ import annotations

import numpy as np
import pyarrow
import pytest

from attnviz.batch.orders import OFF_CENTRE, ORDERS
from attnviz.batch.rows import SCORES
from attnviz.batch.set_rows import Only, RowChoice

ROWS = [
    {"path": "/p/b.jpg", "group": "x", "top1": "cat", "probability1": 0.9, "margin": 0.8,
     "sure": True, "flat": False, "entropy": 0.2, "centre_y": 0.5, "centre_x": 0.75},
    {"path": "/p/a.jpg", "group": "x", "top1": "dog", "probability1": 0.4, "margin": 0.1,
     "sure": False, "flat": True, "entropy": 1.0, "centre_y": 0.5, "centre_x": 0.5},
    {"path": "/p/CATALOGUE.jpg", "group": "y", "error": "broken"},
    {"path": "/p/d.jpg", "group": "y", "top1": "cat", "probability1": 0.9, "margin": 0.7,
     "sure": True, "flat": False, "entropy": 0.3, "centre_y": 0.1, "centre_x": 0.2},
]  # fmt: skip


@pytest.fixture(scope="module")
def scores() -> pyarrow.Table:
    whole = [{"index": index, **row} for index, row in enumerate(ROWS)]
    columns = {name: [row.get(name) for row in whole] for name in SCORES.names}
    return pyarrow.table(columns, schema=SCORES)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("certain", [0, 3, 1, 2]), ("uncertain", [1, 3, 0, 2]), ("flat", [1, 3, 0, 2]),
     ("central", [1, 0, 3, 2]), ("off-centre", [3, 0, 1, 2]), ("outside-box", [0, 1, 2, 3])],
)  # fmt: skip
def test_each_order_has_the_telling_ones_first_and_the_unknown_last(
    scores: pyarrow.Table, name: str, expected: list[int]
) -> None:
    order = ORDERS[name]
    choice = RowChoice(by=order.column, descending=order.descending)
    assert choice.rows(scores).tolist() == expected


def test_texts_are_sorted_and_equal_ones_stay_in_their_order(scores: pyarrow.Table) -> None:
    assert RowChoice(by="path").rows(scores).tolist() == [2, 1, 0, 3]
    assert RowChoice(by="top1").rows(scores).tolist() == [0, 3, 1, 2]
    assert RowChoice(by="top1", descending=True).rows(scores).tolist() == [1, 0, 3, 2]


@pytest.mark.parametrize(
    ("only", "find", "expected"),
    [(Only.SURE, "", [0, 3]), (Only.UNSURE, "", [1]), (Only.FLAT, "", [1]), (Only.ERRORS, "", [2]),
     (Only.ALL, "Cat", [0, 2, 3]), (Only.SURE, "cat", [0, 3]), (Only.ALL, " BROKEN ", [2]),
     (Only.ALL, ".*", []), (Only.ALL, "x", [0, 1])],
)  # fmt: skip
def test_rows_are_found_by_kind_and_words(
    scores: pyarrow.Table, only: Only, find: str, expected: list[int]
) -> None:
    assert RowChoice(find, only).rows(scores).tolist() == expected


def test_a_group_keeps_its_order_until_another_is_wanted(scores: pyarrow.Table) -> None:
    group = np.array([3, 1, 0, 99])
    assert RowChoice().rows(scores, group).tolist() == [3, 1, 0]
    assert RowChoice(by=OFF_CENTRE).rows(scores, group).tolist() == [1, 0, 3]
