"""What another process of the same user reads of one that hides its memory: nothing."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from attnviz.jobs import background_run
from attnviz.jobs.background_run import BackgroundRun
from attnviz.training.jobs.state import RunPhase, RunState
from tests.paths import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux hides memory")

READS = """
import ctypes, os
from attnviz.private_memory import hide_memory
from attnviz.scheduling.memory_meter import read_memory

if os.geteuid() == 0:  # root reads everything, so nobody tries
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # as a process is that never was another user's

def first(path):
    try:
        with open(path, "rb", buffering=0) as file:
            if path.endswith("mem"):
                file.seek(id(SECRET) + bytes.__basicsize__ - 1)
                return file.read(6) == b"secret"
            return bool(file.read(1))
    except PermissionError:
        return False

SECRET = b"secret"
for hide in (False, True):
    begun, end, done, leave = *os.pipe(), *os.pipe()
    if (child := os.fork()) == 0:
        os.close(leave)
        read_memory()
        told = hide and hide_memory()
        held = bytearray(64 << 20)
        held = None
        reading = read_memory()
        os.write(end, bytes([told, reading.peak - reading.now > 32 << 20]))
        os.read(done, 1)
        os._exit(0)
    flags = map(int, os.read(begun, 2))
    print(*flags, *(first(f"/proc/{child}/{one}") for one in ("environ", "mem")))
    os.close(leave)
    os.waitpid(child, 0)
"""


def test_nobody_else_reads_memory_or_environment_and_its_peak_is_counted_as_before() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", READS],
        cwd=ROOT, capture_output=True, check=True, text=True, timeout=120,
    )  # fmt: skip
    open_to_others, hidden = done.stdout.splitlines()
    # What it returned, whether its peak is known, and whether environment and memory can be read.
    assert open_to_others.startswith("0 1 True")  # Yama may keep the memory of all to their parents
    assert hidden == "1 1 False False"


TELL = "import ctypes, sys; print('dumpable', ctypes.CDLL(None).prctl(3), file=sys.stderr)"
WORKER = f"""
from attnviz.decoding.limits import DecodingLimits
from attnviz.decoding.worker import serve
serve(DecodingLimits())
{TELL}
"""
SERVER = f"""
import asyncio
from attnviz.ui.server.uploads import upkeep
async def run():
    async with upkeep(None):
        exec({TELL!r})
asyncio.run(run())
"""
JOB = f"""
from pathlib import Path
from attnviz.jobs.worker import JobWorker
class Telling(JobWorker):
    def __init__(self): self.folder = Path.cwd()
    def _work(self): exec({TELL!r})
Telling.__abstractmethods__ = frozenset()
Telling().work()
"""
RUN = f"""
if __name__ == "__main__":
    from concurrent.futures import ProcessPoolExecutor
    from attnviz.batch import decoding, storing
    for begin, values in ((decoding._begin, (0,)), (storing._begin, ())):
        with ProcessPoolExecutor(1, decoding.process_context(), begin, values) as pool:
            pool.submit(exec, {TELL!r}).result()
"""
PROGRAMS = {
    "worker": (WORKER, 1),
    "job": (JOB, 1),
    "processes of a run": (RUN, 2),
    "server": (SERVER, 1),
}


@pytest.mark.parametrize(("program", "count"), PROGRAMS.values(), ids=PROGRAMS)
def test_who_holds_secrets_of_a_hosted_app_hides_them(
    program: str, count: int, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, stdin=subprocess.DEVNULL,
        capture_output=True, check=True, text=True, timeout=300,
        env={**os.environ, "PYTHONPATH": str(ROOT), "ATTNVIZ_MODE": "hosted",
             "ATTNVIZ_RUNS": str(tmp_path.parent)},
    )  # fmt: skip
    # PR_GET_DUMPABLE is 1 of a process of the usual kind.
    assert re.findall(r"dumpable (\d)", done.stderr) == ["0"] * count


class TellingRun(BackgroundRun[RunState]):
    worker = "tests.told_environment"

    @property
    def kind(self) -> type[RunState]:
        return RunState


def test_a_run_of_a_hosted_app_gets_no_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    kept = {"ATTNVIZ_DECODING_MB": "512", "OMP_NUM_THREADS": "1"}
    lost = {"ATTNVIZ_SERVER_TOKEN": "x" * 20, "AWS_SECRET_ACCESS_KEY": "y", "DATABASE_URL": "z"}
    for name, value in (kept | lost).items():
        monkeypatch.setenv(name, value)

    def told(mode: str) -> set[str]:
        monkeypatch.setenv("ATTNVIZ_MODE", mode)
        run = TellingRun(tmp_path / mode)
        run.folder.mkdir()
        RunState(RunPhase.PAUSED).write(run.folder)
        run.resume(concurrent=True)
        background_run._PROCESSES[run.folder].wait(120)
        return set(json.loads((run.folder / "log.txt").read_text()))

    assert (kept | lost).keys() <= told("local")
    hosted = told("hosted")
    assert hosted >= {*kept, "PATH"}
    assert not hosted & lost.keys()
