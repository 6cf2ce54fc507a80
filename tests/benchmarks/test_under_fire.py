"""The day under fire in its shortest form: one kill, one full disk, one file that is not whole."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from benchmarks.under_fire.disk import fill_up
from benchmarks.under_fire.kills import kill_at_random
from benchmarks.under_fire.whole import BrokenFileError, check_whole
from benchmarks.under_fire.work import Work, all_work

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="moments are told by Linux's /proc"),
]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Work]:
    found = all_work(tmp_path_factory.mktemp("under fire"), pictures=6, epochs=2)
    return {one.name: one for one in found}


def test_a_killed_training_leaves_whole_files_and_goes_on(
    work: dict[str, Work], tmp_path: Path
) -> None:
    outcome = kill_at_random(work["training"], tmp_path, 1, random.Random(3))
    assert outcome.problems == []
    assert (outcome.times, outcome.left) == (1, 0)


def test_a_batch_on_a_full_disk_says_so_and_goes_on_when_there_is_room(
    work: dict[str, Work], tmp_path: Path
) -> None:
    assert fill_up(work["batch"], tmp_path, (0.5,)).problems == []


def test_half_a_file_is_noticed(work: dict[str, Work], tmp_path: Path) -> None:
    photo = Path(work["export"].words[1])
    (tmp_path / "whole.png").write_bytes(photo.read_bytes())
    (tmp_path / "half.partial").write_bytes(b"?")
    assert set(check_whole(tmp_path)) == {"whole.png"}
    for name, content in (
        ("half.png", photo.read_bytes()[: photo.stat().st_size // 2]),
        ("half.npz", b"PK\x03\x04"),
        ("half.json", b'{"a": '),
        ("half.html", b"<html><body>"),
        ("half.safetensors", b"\x08"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BrokenFileError, match=name):
            check_whole(tmp_path)
        (tmp_path / name).unlink()
