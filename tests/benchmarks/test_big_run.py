"""Rates are told only of a stretch in which something was computed."""

from __future__ import annotations

import argparse

from benchmarks.big_run import RATE, rate_of
from benchmarks.watched_run import Sample, WatchedRun

WISH = argparse.Namespace(workers=0, engine="local", batch_size=1)


def run(*moments: tuple[float, float, int]) -> WatchedRun:
    """Of seconds, seconds of the processor, and parts."""
    samples = [Sample(seconds, 1, (used, used), parts) for seconds, used, parts in moments]
    return WatchedRun(samples, (), 0)


def test_a_rate_is_of_the_time_between_the_first_part_and_the_last() -> None:
    (found,) = rate_of(run((0, 0, 0), (3, 9, 1), (5, 11, 3), (7, 13, 3)), 1536, 0.001, WISH)
    assert found.value == 0.001 / (2 / 1024)
    assert "512.0/s" in found.name
    assert found.limit == RATE


def test_parts_that_appear_as_the_command_ends_give_no_rate() -> None:
    assert not list(rate_of(run((0, 0, 0), (3, 9, 1), (4, 9, 3)), 1536, 0.001, WISH))
    assert not list(rate_of(run((0, 0, 0), (3, 9, 1)), 512, 0.001, WISH))
