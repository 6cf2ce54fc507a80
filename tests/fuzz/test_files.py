"""No file ends a reader in anything but a result or an error of ours, whatever is wrong with it.

The usual run tries a few files of each kind, always the same. `ATTNVIZ_FUZZ=500 pytest tests/fuzz`
tries 500 of each, others each time.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from attnviz.errors import AttnvizError
from tests.fuzz import other_files, texts, training_files
from tests.fuzz.kind import FileKind

KINDS = [*training_files.KINDS, *other_files.KINDS, *texts.KINDS]
LONG = int(os.environ.get("ATTNVIZ_FUZZ", "0"))
FEW = 20
MOST_TIMES = 100  # slower than a good file and a megabyte of JSON together
MOST_MEGABYTES = 400  # more than before
STATUS = Path("/proc/self/status")
CLASS = re.compile(r"\b[A-Z]\w+(Error|Exception)\b")  # of Python: no plain words


@dataclass
class Reads:
    """What became of the files of a kind."""

    kind: FileKind
    sandbox: Path
    good: int = 0
    refused: list[str] = field(default_factory=list)
    slowest: float = 0.0

    def read(self, source: bytes) -> None:
        shutil.rmtree(self.sandbox, ignore_errors=True)
        (self.sandbox / "own").mkdir(parents=True)
        began = time.process_time()
        try:
            self.kind.read(source, self.sandbox / "own")
            self.good += 1
        except AttnvizError as error:
            self.refused.append(str(error))
        self.slowest = max(self.slowest, time.process_time() - began)
        # Nothing is written beside the folder, which names in archives and tables ask for.
        assert [one.name for one in self.sandbox.iterdir()] == ["own"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_file_is_read_or_refused_in_a_sentence(kind: FileKind, tmp_path: Path) -> None:
    (tmp_path / "seed").mkdir()
    seed = kind.make(tmp_path / "seed")
    reads = Reads(kind, tmp_path / "sandbox")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what libraries say of damaged files
        reads.read(seed)
        assert reads.good == 1, reads.refused
        reads.slowest = 0.0
        reads.read(seed)
        usual, before = reads.slowest + _seconds_of_json(), _peak(reset=True)
        _change_and_read(reads, seed)
    assert reads.slowest < MOST_TIMES * usual
    assert _peak() - before < MOST_MEGABYTES
    for text in reads.refused:
        assert 20 < len(text.encode()) < 3000, text
        assert not CLASS.search(text), text
        assert text.rstrip().endswith((".", ")", "'", "models")), text


def _change_and_read(reads: Reads, seed: bytes) -> None:
    @settings(
        max_examples=LONG or FEW,
        deadline=None,
        derandomize=not LONG,
        database=None,
        phases=[Phase.generate, Phase.shrink] if LONG else [Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.randoms(use_true_random=False))
    def any_change(random: Random) -> None:
        reads.read(reads.kind.change(random, seed))

    any_change()


def _seconds_of_json() -> float:
    source = json.dumps([0.125] * 150_000)
    began = time.process_time()
    json.loads(source)
    return time.process_time() - began


def _peak(*, reset: bool = False) -> int:
    """The most megabytes that this process has held, since it was reset; 0 where Linux is not."""
    if not sys.platform.startswith("linux"):
        return 0
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    lines = STATUS.read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) >> 10
