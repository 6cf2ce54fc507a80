"""The hour of tabs that come and go, in its shortest form."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.visiting_hour import Hour, HourFigures, MemorySample, spent

MEGABYTE = 2**20


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="shared memory is told by Linux's /proc")
def test_tabs_of_a_hosted_app_come_and_go_and_each_sees_its_own_photos() -> None:
    hour = Hour(tabs=2, seconds=6, models=("ran-small",), pause=0.1)
    with ThreadPoolExecutor(1) as thread:  # this one may have the event loop of a browser
        figures = thread.submit(spent, hour).result()
    assert figures.looks.errors == []
    assert figures.tabs >= 2
    assert figures.looks.checked >= 2  # on a busy computer there may be no time for a third look
    # The app's own process has torch and Streamlit, and beside it is one that decodes photos.
    assert max(one.server for one in figures.samples) > 100 * MEGABYTE
    assert max(one.workers for one in figures.samples) > 5 * MEGABYTE


def test_memory_that_grows_after_the_first_third_is_told() -> None:
    grown = [(0, 100), (5, 300), (10, 400), (15, 400), (20, 430), (30, 450)]
    samples = [MemorySample(time, mb * MEGABYTE, 100 * MEGABYTE) for time, mb in grown]
    figures = HourFigures(tabs=3, left_early=1, samples=samples)
    assert figures.thirds() == [300.0, 500.0, 540.0]
    assert figures.growth() == pytest.approx(0.08)
    assert figures.rows()[-1] == (
        "memory of server and workers, mean of each third: 300, 500, 540 MB (+8.0%); "
        "at most 450 + 100 MB"
    )
