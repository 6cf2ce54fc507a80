"""The command: what is done, and how often."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.under_fire.disk import fill_up
from benchmarks.under_fire.homes import with_read_only_home, without_home
from benchmarks.under_fire.kills import kill_at_random
from benchmarks.under_fire.outcome import HEADER, Outcome
from benchmarks.under_fire.server import kill_server
from benchmarks.under_fire.work import all_work

KINDS = ("kills", "disk", "homes")
_SHARES = (0.05, 0.3, 0.6, 0.9)


def outcomes(kinds: list[str], only: list[str], times: int, seed: int) -> Iterator[Outcome]:
    """Do it, one line of the table after the other."""
    chance = random.Random(seed)  # the moments need not be a secret
    with tempfile.TemporaryDirectory(prefix="attnviz-under-fire-") as name:
        folder = Path(name)
        work = all_work(folder)
        chosen = [one for one in work if not only or one.name in only]
        if "kills" in kinds:
            for one in chosen:
                yield kill_at_random(one, _new(folder, f"kill {one.name}"), times, chance)
            if not only or "server" in only:
                yield kill_server(work[0], _new(folder, "kill server"), times, chance)
        if "disk" in kinds:
            for one in chosen:
                yield fill_up(one, _new(folder, f"disk {one.name}"), _SHARES)
        if "homes" in kinds:
            yield without_home(chosen, _new(folder, "no home"))
            found = with_read_only_home(chosen, _new(folder, "read only"))
            if found is not None:
                yield found


def _new(folder: Path, name: str) -> Path:
    path = folder / name
    path.mkdir()
    return path


def main() -> int:
    """Print a line for each kind of work; 1 if anything was not as it should be."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.under_fire")
    parser.add_argument(
        "kinds", nargs="*", choices=KINDS, default=list(KINDS), help="all by default"
    )
    parser.add_argument("--times", type=int, default=20, help="kills of each kind of work")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--only", action="append", default=[], help="training, batch, export, server"
    )
    given = parser.parse_args()
    print(HEADER, flush=True)
    failed = False
    for outcome in outcomes(given.kinds, given.only, given.times, given.seed):
        print(outcome.row(), flush=True)
        failed = failed or bool(outcome.problems)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
