"""Visitors of a real server, each with a photo of their own: the benchmark in small."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from attnviz.viewer.blob import pack_blob
from benchmarks.visitors import BEHIND, STEP, UPLOAD, WHOLE, Figures, measured, own_photo, shows

MODELS = ("ran-small", "vit-small")


@pytest.mark.slow
def test_each_visitor_sees_their_own_photo_and_weights_are_read_once() -> None:
    """Also while another visitor's Score-CAM runs, which a click stops."""
    with ThreadPoolExecutor(1) as thread:  # this one may have the event loop of a browser
        figures = thread.submit(measured, 3, models=MODELS).result()
    assert figures.errors == []
    assert {kind: len(found) for kind, found in figures.seconds.items()} == {
        "page opened": 3, UPLOAD: 3, STEP: 3 * len(MODELS), BEHIND: 3,
        WHOLE.format(UPLOAD): 3, WHOLE.format(STEP): 3 * len(MODELS), WHOLE.format(BEHIND): 3,
    }  # fmt: skip
    assert figures.checked == 3 + 3 * len(MODELS) + 3
    assert set(figures.reads.values()) == {1}, figures.reads


def test_a_photo_of_somebody_else_would_be_noticed() -> None:
    made = [own_photo(number, width=256, height=192) for number in range(2)]
    seen = [[shows(pack_blob({}, {"photo": file}), own) for _, own in made] for file, _ in made]
    assert seen == [[True, False], [False, True]]


def test_the_table_has_the_quantiles() -> None:
    figures = Figures({UPLOAD: [1.0, 2.0, 3.0]}, checked=3, reads={"a.safetensors": 2, "b": 1})
    rows = figures.rows()
    assert "| upload to picture | 3 | 2.0 | 2.9 | 3.0 |" in rows
    assert rows[-1] == "3 pictures checked, 0 errors, weights read 3 times, 1 of them again."
