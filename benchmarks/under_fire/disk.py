"""Work on a disk that is full, and again once there is room."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.under_fire.outcome import Outcome
from benchmarks.under_fire.whole import check_whole
from benchmarks.under_fire.work import Work

_BLOCK = 4096
_REASONS = ("no space", "no room", "full", "too large", "could not be written", "cannot be written")


@dataclass(frozen=True)
class SmallDisk:
    """A place with little room: `prepare` limits a process to it, `grow` makes room."""

    folder: Path
    prepare: Callable[[], None] | None
    grow: Callable[[], None]


def fill_up(work: Work, folder: Path, shares: tuple[float, ...]) -> Outcome:
    """Give work a disk that holds a share of what it writes, then a larger one.

    Parameters
    ----------
    work
        What is done.
    folder
        An empty folder for it.
    shares
        Of the bytes that it writes undisturbed; one run each.
    """
    whole = folder / "undisturbed"
    text, _ = (process := work.start(whole)).communicate()
    if process.returncode:
        raise SystemExit(text)
    written = sum(path.stat().st_size for path in whole.rglob("*") if path.is_file())
    largest = max(path.stat().st_size for path in whole.rglob("*") if path.is_file())
    expected = set(check_whole(whole))
    outcome = Outcome(f"{work.name}, disk full")
    for number, share in enumerate(shares):
        with small_disk(
            folder / str(number), round(share * written), round(share * largest)
        ) as disk:
            _run_out(outcome, work, disk, expected)
    return outcome


def _run_out(outcome: Outcome, work: Work, disk: SmallDisk, expected: set[str]) -> None:
    out = disk.folder / "out"
    process = work.start(out, prepare=disk.prepare)
    text, _ = process.communicate()
    outcome.times += 1
    said = text.lower()
    outcome.expect(process.returncode > 0, f"exit code {process.returncode} on a full disk")
    outcome.expect("traceback" not in said, f"a traceback: {text[-600:]}")
    outcome.expect(any(one in said for one in _REASONS), f"no reason is given: {text[-300:]}")
    outcome.checked(lambda: check_whole(out))
    disk.grow()
    process = work.start(out)
    text, _ = process.communicate()
    outcome.ends += 1
    outcome.expect(process.returncode == 0, f"with room again, {text[-400:]}")
    found = set(outcome.checked(lambda: check_whole(out)) or {})
    outcome.expect(found == expected, f"other files at the end: {sorted(found ^ expected)}")


@contextmanager
def small_disk(folder: Path, size: int, largest: int) -> Iterator[SmallDisk]:
    """A disk of so many bytes; where none can be mounted, a limit for each file instead."""
    folder.mkdir()
    blocks = max(size, 4 * _BLOCK) // _BLOCK * _BLOCK
    if _mount(folder, f"size={blocks}"):
        try:
            yield SmallDisk(folder, None, lambda: _grow(folder))
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        return

    def limit() -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (max(largest, _BLOCK), hard))

    yield SmallDisk(folder, limit, lambda: None)


def _mount(folder: Path, options: str) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def _grow(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=1g", str(folder)], check=True)
