"""Each file has a process of its own, of which there are few, whatever is sent."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from attnviz.decoding import file_workers
from attnviz.decoding.file_workers import FileWorkers
from attnviz.decoding.pool import WorkerPool
from attnviz.decoding.process import WorkerProcess
from attnviz.pictures import Picture
from tests.decoding.test_workers import (
    LIMITS,
    NOISE,
    digest,
    refusal,
    still,
    waiting,
)
from tests.pictures.files import encoded

PHOTOS = [encoded(Image.fromarray(NOISE[:, n:]), "PNG") for n in range(10)]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[WorkerProcess]:
    """All workers that were started, in order."""
    all_of_them: list[WorkerProcess] = []

    class NotedWorker(WorkerProcess):
        def __init__(self, *limits: object) -> None:
            super().__init__(*limits)  # type: ignore[arg-type]
            all_of_them.append(self)

    monkeypatch.setattr(file_workers, "WorkerProcess", NotedWorker)
    return all_of_them


@pytest.fixture
def pool(started: list[WorkerProcess]) -> Iterator[WorkerPool]:
    made = WorkerPool(LIMITS)
    yield made
    made.close()
    assert not [one for one in started if one.alive]


def test_two_files_have_two_processes_and_more_questions_go_to_the_same(pool: WorkerPool) -> None:
    first, second, third = PHOTOS[:3]
    pool.warm_up()
    spare = pool._workers._spare
    assert spare is not None
    np.testing.assert_array_equal(still(pool, first).pixels, NOISE)
    assert waiting(pool) == {digest(first): spare.pid}
    still(pool, second, "b.png")
    pids = waiting(pool)
    assert list(pids) == [digest(first), digest(second)]
    assert len(set(pids.values())) == 2
    assert pool.ask("moves", first, digest(first), "a.png").facts == {"moves": False}
    assert still(pool, second, longest=30).width == 30
    assert waiting(pool) == pids
    gone = pids[digest(first)]
    still(pool, third)  # the oldest by its last question makes room
    assert list(waiting(pool)) == [digest(second), digest(third)]
    with pytest.raises(ProcessLookupError):
        os.kill(gone, 0)
    assert waiting(pool)[digest(second)] == pids[digest(second)]


def test_what_failed_and_what_is_hostile_gets_no_other_file(
    pool: WorkerPool, started: list[WorkerProcess]
) -> None:
    assert "not a picture" in refusal(pool, b"no picture", "a.txt")
    hostile = waiting(pool)[digest(b"no picture")]
    opened = [still(pool, photo).width for photo in PHOTOS[:4]]
    assert opened == [60, 59, 58, 57]
    assert not [one for one in started if one.pid == hostile and one.alive]
    assert len(started) == 6  # one for each file, and the spare
    assert len([one for one in started if one.alive]) == LIMITS.workers + 1


def test_twenty_visitors_at_once_start_few_processes_together(
    pool: WorkerPool, started: list[WorkerProcess]
) -> None:
    found: dict[int, Picture] = {}
    most = 0

    def visit(n: int) -> None:
        found[n] = still(pool, PHOTOS[n % 10])

    visits = [threading.Thread(target=visit, args=(n,), daemon=True) for n in range(20)]
    for one in visits:
        one.start()
    while any(one.is_alive() for one in visits):
        most = max(most, sum(one.alive for one in list(started)))
        time.sleep(0.005)
    for n in range(20):
        np.testing.assert_array_equal(found[n].pixels, NOISE[:, n % 10 :])
    assert most <= LIMITS.workers + 2  # the spare, and one that is just being ended
    assert pool._workers._lent == 0


def test_a_worker_that_is_asked_no_more_ends_and_one_that_is_lent_does_not() -> None:
    patient = FileWorkers(replace(LIMITS, kept_seconds=3600))
    with patient.lent("a") as first:
        pass
    clock = patient._kept[0].clock
    with patient.lent("a") as again:
        assert again is first
        assert clock.finished.is_set()  # it was stopped, and ends nothing any more
    patient.close()
    hasty = FileWorkers(replace(LIMITS, kept_seconds=0.1))
    with hasty.lent("a") as first:
        time.sleep(0.3)
        assert first.alive
    assert first._process.wait(60) != 0
    while hasty._kept:
        time.sleep(0.01)
    with hasty.lent("a") as other:
        assert other is not first
    hasty.close()


def test_two_questions_about_one_file_at_once_have_a_process_each() -> None:
    workers = FileWorkers(LIMITS)
    with workers.lent("a") as one, workers.lent("a") as two:
        assert one.pid != two.pid
    assert {kept.worker.pid for kept in workers._kept} == {one.pid, two.pid}
    with workers.lent("b") as three:
        assert [one.alive, two.alive, three.alive].count(True) == 2
    workers.close()


def test_what_is_lent_while_all_are_closed_ends_when_it_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workers = FileWorkers(LIMITS)
    with workers.lent("a") as worker:
        workers.close()
        assert worker.alive
    assert not worker.alive
    assert (workers._kept, workers._spare, workers._lent) == ([], None, 0)

    class ClosedMeanwhile(WorkerProcess):
        def __init__(self, *limits: object) -> None:
            super().__init__(*limits)  # type: ignore[arg-type]
            late.append(self)
            workers.close()

    late: list[WorkerProcess] = []
    monkeypatch.setattr(file_workers, "WorkerProcess", ClosedMeanwhile)
    workers.start_spare()
    assert workers._spare is None
    assert [one.alive for one in late] == [False]
