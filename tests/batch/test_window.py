"""Batches within a window: their order, and how far items are read ahead."""

from __future__ import annotations

from collections.abc import Iterator

from attnviz.batch.window import BatchWindow


def window(batches: list[str], most: int = 8, most_bytes: int = 10**9) -> BatchWindow[str, str]:
    """Of letters: capitals form batches of two, small letters of three, digits are alone."""

    def run(batch: list[str]) -> list[str]:
        batches.append("".join(batch))
        return [letter * 2 for letter in batch]

    return BatchWindow(
        lambda letter: None if letter.isdigit() else letter.isupper(),
        lambda upper: 2 if upper else 3,
        lambda letter: 100 if letter == "h" else 1,
        run,
        most,
        most_bytes,
    )


def test_results_come_in_order_from_full_batches() -> None:
    batches: list[str] = []
    assert list(window(batches)("aBb1CcDd")) == [2 * letter for letter in "aBb1CcDd"]
    assert batches == ["1", "BC", "abc", "D", "d"]


def test_nothing_gives_nothing() -> None:
    assert list(window([])("")) == []


def test_a_rare_kind_does_not_hold_up_the_others() -> None:
    batches: list[str] = []
    read: list[str] = []

    def source() -> Iterator[str]:
        for letter in "aBCDEFGHIJ":
            read.append(letter)
            yield letter

    results = window(batches, most=4)(source())
    assert next(results) == "aa"
    assert read == list("aBCD")
    assert batches == ["BC", "a"]
    assert "".join(results) == "BBCCDDEEFFGGHHIIJJ"
    assert batches[2:] == ["DE", "FG", "HI", "J"]


def test_large_items_are_given_at_once() -> None:
    batches: list[str] = []
    assert list(window(batches, most_bytes=50)("abhc")) == ["aa", "bb", "hh", "cc"]
    assert batches == ["abh", "c"]
    del batches[:]
    assert list(window(batches, most_bytes=50)("hab")) == ["hh", "aa", "bb"]
    assert batches == ["h", "ab"]
