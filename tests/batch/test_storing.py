"""What is stored of pictures: the same whichever process makes it, and whatever ends that one."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import cv2
import numpy as np
import psutil
import pytest

import attnviz
from attnviz.batch import storing
from attnviz.batch.engine import ExplainedPicture
from attnviz.batch.picture_file import PictureFile
from attnviz.batch.small_copies import small_copy
from attnviz.batch.stored_results import ResultOrder, StoredResult
from attnviz.batch.storing import stored_results
from attnviz.errors import OutputError
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture


@pytest.fixture
def orders(model: VisionModel, files: list[PictureFile]) -> list[ResultOrder]:
    """Of 70 results, one is an error, and one holds a function, which cannot be sent."""
    results = list(attnviz.explain_many(model, [file.path for file in files], "grad-cam"))
    made = [
        ResultOrder(
            replace(results[n % 14], index=n), files[n % 14], {"blur_budget": n / 70}, 9_000
        )
        for n in range(70)
    ]
    found = made[20].result.explanation
    assert found is not None
    odd = replace(found, provenance={**found.provenance, "odd": lambda: None})  # type: ignore[dict-item]
    made[20] = replace(made[20], result=ExplainedPicture(20, made[20].result.name, odd))
    return made


def plain(stored: StoredResult) -> tuple[object, ...]:
    maps = [{**row, "values": row["values"].tobytes()} for row in stored.maps]
    return dict(stored.scores), maps, stored.small, stored.live


def test_results_do_not_depend_on_who_makes_them(
    orders: list[ResultOrder], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = [plain(one) for one in stored_results(orders, 0)]
    assert [row["index"] for row, *_ in here] == list(range(70))  # type: ignore[call-overload]
    assert [number for number, row in enumerate(here) if row[2] is None] == [5, 19, 33, 47, 61]

    sendable = [*orders[:20], *orders[21:]]
    with monkeypatch.context() as patch:
        patch.setattr(storing, "_all_stored", _made_by_nobody)  # in this process alone
        elsewhere = [plain(one) for one in stored_results(sendable, 1)]
    assert elsewhere == here[:20] + here[21:]


def _made_by_nobody(orders: object) -> list[StoredResult]:
    raise AssertionError("the other process makes it")


_made_by_nobody.__module__, _made_by_nobody.__qualname__ = storing.__name__, "_all_stored"


def test_results_are_whole_where_a_process_is_ended_or_nothing_can_be_sent(
    orders: list[ResultOrder],
) -> None:
    here = [plain(one) for one in stored_results(orders, 0)]
    taken: list[tuple[object, ...]] = []
    ended: list[int] = []

    def ending() -> Iterator[ResultOrder]:
        for order in orders:
            if taken and not ended:  # as a system does that is short of memory
                ended.extend(_end_makers())
            yield order

    taken.extend(plain(one) for one in stored_results(ending(), 1))
    assert taken == here
    assert ended


def _end_makers() -> list[int]:
    """End the processes that a server of forks has made; returns their numbers."""
    ended = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # one that a test before this has left is over by now
            if "forkserver" in " ".join(process.cmdline()) and not process.children():
                os.kill(process.pid, signal.SIGKILL)
                ended.append(process.pid)
    return ended


def test_large_pictures_do_not_pile_up(orders: list[ResultOrder]) -> None:
    """One picture of 1.2 million pixels is not kept while 16 are gathered."""
    found = orders[0].result.explanation
    assert found is not None
    large = replace(found, picture=Picture(np.zeros((1000, 1200, 3), np.uint8), "large", "0" * 64))
    order = replace(orders[0], result=ExplainedPicture(0, "large", large))
    given: list[ResultOrder] = []

    def counted() -> Iterator[ResultOrder]:
        for _ in range(40):
            given.append(order)
            yield order

    ahead = [len(given) - taken for taken, _ in enumerate(stored_results(counted(), 8), 1)]
    assert ahead == [0] * 40


def test_what_was_explained_before_a_failure_is_stored(orders: list[ResultOrder]) -> None:
    def failing() -> Iterator[ResultOrder]:
        yield from orders[:19]
        raise OutputError("The disk is full.")

    made: list[StoredResult] = []
    with pytest.raises(OutputError, match="full"):
        made.extend(stored_results(failing(), 1))
    assert [one.scores["index"] for one in made] == list(range(19))


@pytest.mark.parametrize(("height", "width"), [(480, 640), (33, 1000), (427, 640), (3, 900)])
def test_a_small_copy_looks_like_the_exact_one(height: int, width: int) -> None:
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 40 + n) + np.cos(y / 50 - n) for n in range(3)]
    pixels = np.rint(60 * np.stack(waves, -1) + 125).astype(np.uint8)
    scale = 96 / width
    size = (96, max(1, round(height * scale)))
    exact = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    small = small_copy(pixels, 96)
    assert small.shape == exact.shape
    assert np.abs(small.astype(int) - exact).max() <= 12  # of 255: less than a block is cut off
    assert small_copy(pixels, width) is pixels
    halved = small_copy(pixels[: height // 2 * 2], width // 2)
    blocks = pixels[: height // 2 * 2].reshape(height // 2, 2, width // 2, 2, 3).mean((1, 3))
    if halved.shape == blocks.shape:
        assert np.abs(halved - blocks).max() <= 1
