"""What is chosen on the page "Objects", as a link carries it."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.ui.pages.objects.choices import MOST, ObjectChoices, Strength, Versus, most_likely

CHANCES = np.asarray([0.02, 0.6, 0.01, 0.3, 0.06, 0.006, 0.004], np.float32)


def test_it_begins_with_two_classes_and_up_to_three_likely_ones() -> None:
    assert most_likely(CHANCES, 3) == [1, 3, 4]
    assert ObjectChoices.first(CHANCES).objects == (1, 3, 4)
    assert ObjectChoices.first(np.asarray([0.01, 0.98, 0.005, 0.005], np.float32)).objects == (1, 0)
    assert ObjectChoices.first(np.ones(1, np.float32)).objects == (0,)


def test_a_link_brings_back_every_choice() -> None:
    chosen = ObjectChoices((3, 1), 3, 0, Versus.SCORES, 2.5, Strength.PROBABILITY)
    query = chosen.to_query()
    assert query["objects"] == "3,1"
    assert ObjectChoices.from_query(query, CHANCES) == chosen
    plain = ObjectChoices((3, 1), 3).to_query()
    assert {name for name, value in plain.items() if value} == {"objects"}
    assert ObjectChoices.from_query(plain, CHANCES) == ObjectChoices((3, 1), 3)


@pytest.mark.parametrize("objects", ["", "7", "-1", "x,y", "1e3", "99999999999999", "²", " "])
def test_a_link_to_classes_that_are_not_there_chooses_nothing(objects: str) -> None:
    assert ObjectChoices.from_query({"objects": objects}, CHANCES) is None


def test_what_does_not_fit_in_a_link_is_left_out() -> None:
    found = ObjectChoices.from_query(
        {"objects": "1,9,1,<b>,3", "wanted": "5", "against": "oops", "versus": "x",
         "selective": "nan", "strength": ""},
        CHANCES,
    )  # fmt: skip
    assert found == ObjectChoices((1, 3), 1)
    many = ObjectChoices.from_query({"objects": "0,1,2,3,4,5,6", "selective": "1e9"}, CHANCES)
    assert many is not None
    assert many.objects == (0, 1, 2, 3, 4, 5)
    assert many.selectivity == 6


def test_objects_keep_their_order() -> None:
    chosen = ObjectChoices((4, 1, 3))
    assert chosen.with_objects((1, 3, 0, 4)).objects == (4, 1, 3, 0)
    assert chosen.with_objects((3, 4)).objects == (4, 3)
    assert chosen.with_object(2).objects == (4, 1, 3, 2)
    assert chosen.with_object(1) is chosen
    full = ObjectChoices(tuple(range(MOST)))
    assert full.with_object(6) is full
    assert full.with_objects((*range(MOST), 6)).objects == full.objects


def test_a_class_is_set_against_another_one() -> None:
    chosen = ObjectChoices((4, 1), 4, 3)
    assert chosen.fitting() == chosen
    assert chosen.with_objects((1,)) == ObjectChoices((1,), 1, 3)
    assert ObjectChoices((4, 1), 4, 4).fitting().against is None
    assert ObjectChoices((4,), 2, 4).fitting() == ObjectChoices((4,), None, None)
    assert chosen.with_objects(()) == ObjectChoices((), None, None)
