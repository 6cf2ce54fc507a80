"""Users without a home, or with one that cannot be written."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.under_fire.outcome import Outcome
from benchmarks.under_fire.server import free_port, serving
from benchmarks.under_fire.visitor import healthy, page_errors
from benchmarks.under_fire.whole import check_whole
from benchmarks.under_fire.work import Work

_PAGES = ("", "Training", "People", "You_and_the_model")
_PLACES = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "TORCH_HOME", "ATTNVIZ_RUNS", "MPLCONFIGDIR")


def without_home(work: list[Work], folder: Path) -> Outcome:
    """Do everything as a user whose home does not exist."""
    return _everything("no home", work, folder, folder / "none")  # root may make it: not elsewhere


def with_read_only_home(work: list[Work], folder: Path) -> Outcome | None:
    """Do everything as a user whose home cannot be written; None where none can be made."""
    with _read_only(folder / "home") as home:
        return None if home is None else _everything("read-only home", work, folder, home)


def _everything(name: str, work: list[Work], folder: Path, home: Path) -> Outcome:
    outcome = Outcome(name)
    own = {"HOME": str(home), **dict.fromkeys(_PLACES, "")}
    for one in work:
        process = one.start(folder / one.name, own=own)
        text, _ = process.communicate()
        outcome.times += 1
        outcome.expect(process.returncode == 0, f"{one.name}: {text[-400:]}")
        outcome.expect("Traceback" not in text, f"{one.name}: {text[-600:]}")
        outcome.checked(lambda out=folder / one.name: check_whole(out))  # type: ignore[misc]
        outcome.ends += 1
    port = free_port()
    with serving(port, folder / "server.log", own):
        outcome.expect(healthy(port), "the server does not start")
        for page in _PAGES:
            outcome.times += 1
            outcome.expect(not (errors := page_errors(port, page)), f"{page}: {errors}")
            outcome.ends += 1
    log = (folder / "server.log").read_text(errors="replace")
    outcome.expect("Traceback" not in log, log[-600:])
    return outcome


@contextmanager
def _read_only(folder: Path) -> Iterator[Path | None]:
    """A folder that not even root can write into; None where it cannot be mounted."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", "ro,size=64k", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    try:
        yield folder if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
