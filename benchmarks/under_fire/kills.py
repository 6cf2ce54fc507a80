"""Work that is killed at random moments, and started again each time."""

from __future__ import annotations

import os
import random
import signal
import subprocess
from pathlib import Path

from benchmarks.under_fire.outcome import Outcome
from benchmarks.under_fire.whole import check_whole, is_temporary
from benchmarks.under_fire.work import Work, processor_seconds, wait_until


def kill_at_random(work: Work, folder: Path, times: int, chance: random.Random) -> Outcome:
    """Kill work `times` times, with the same command given again, and compare how it ends.

    Parameters
    ----------
    work
        What is done.
    folder
        An empty folder for it.
    times
        Kills; when the work has come to its end, it begins in a new folder.
    chance
        Chooses the moments.
    """
    whole = folder / "undisturbed"
    process = work.start(whole)
    needed = _to_the_end(process)
    expected = set(check_whole(whole))
    outcome = Outcome(f"{work.name}, killed")
    turn, before = 0, dict[str, str]()
    out = folder / "0"
    while outcome.times < times:
        process = work.start(out)
        # Most of a short command is the import of libraries, where a kill breaks nothing.
        if wait_until(process, chance.uniform(0.4, 1.0) * needed):
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            outcome.times += 1
            before = _still_whole(outcome, out, before)
        else:
            turn, before = turn + 1, {}
            _compare(outcome, process, out, expected)
            out = folder / str(turn)
    process = work.start(out)
    _compare(outcome, process, out, expected)
    return outcome


def _to_the_end(process: subprocess.Popen[str]) -> float:
    """Processor seconds of work that nobody disturbs."""
    seconds = 0.0
    while process.poll() is None:
        seconds = max(seconds, processor_seconds(process.pid))
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
    text, _ = process.communicate()
    if process.returncode:
        raise SystemExit(text)
    return seconds


def _still_whole(outcome: Outcome, out: Path, before: dict[str, str]) -> dict[str, str]:
    """Open everything; what was whole before must still be there."""
    found = outcome.checked(lambda: check_whole(out)) or {}
    gone = set(before) - set(found)
    outcome.expect(not gone, f"gone after a kill: {sorted(gone)}")
    return found


def _compare(
    outcome: Outcome, process: subprocess.Popen[str], out: Path, expected: set[str]
) -> None:
    """Let the work end, and look at what it has made in all."""
    text, _ = process.communicate()
    outcome.ends += 1
    outcome.expect(process.returncode == 0, f"exit code {process.returncode}: {text[-400:]}")
    found = set(outcome.checked(lambda: check_whole(out)) or {})
    outcome.expect(found == expected, f"other files at the end: {sorted(found ^ expected)}")
    left = [path.name for path in out.rglob("*") if path.is_file() and is_temporary(path)]
    outcome.left += len(left)
