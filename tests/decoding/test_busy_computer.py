"""What the system does to a worker is not taken for what a file did, and limits only get closer."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from attnviz.decoding.messages import Message
from attnviz.decoding.pool import WorkerPool
from attnviz.decoding.process import WorkerProcess
from attnviz.errors import BusyWorkersError
from tests.decoding.test_workers import LIMITS, NOISE, PHOTO, linux, still
from tests.paths import ROOT


def test_a_file_is_not_blamed_for_a_worker_that_somebody_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ask = WorkerProcess.ask

    def killed(worker: WorkerProcess, request: Message) -> Message:
        os.kill(worker.pid, 9)
        return ask(worker, request)

    pool = WorkerPool(LIMITS)
    with monkeypatch.context() as short_of_memory:
        short_of_memory.setattr(WorkerProcess, "ask", killed)
        with pytest.raises(BusyWorkersError, match=r"a\.png .* now: this computer ended"):
            still(pool, PHOTO)
    np.testing.assert_array_equal(still(pool, PHOTO).pixels, NOISE)
    pool.close()


BOUND = """
import resource
from attnviz.decoding.boundaries import bound_memory
from attnviz.decoding.limits import DecodingLimits

resource.setrlimit(resource.RLIMIT_AS, (2**36, 2**36))
for memory in (2**40, 2**20):
    bound_memory(DecodingLimits(memory=memory))
    print(*resource.getrlimit(resource.RLIMIT_AS))
"""


@linux
def test_memory_is_bounded_within_a_limit_that_is_there_already_and_for_good() -> None:
    done = subprocess.run([sys.executable, "-c", BOUND], cwd=ROOT, capture_output=True, check=True)
    (wide, wide_hard), (close, close_hard) = (
        map(int, line.split()) for line in done.stdout.decode().splitlines()
    )
    assert wide == wide_hard == 2**36
    assert close == close_hard < 2**35
