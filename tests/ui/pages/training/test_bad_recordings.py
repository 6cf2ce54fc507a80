"""One recording that cannot be read costs itself alone, and what one visitor opens is bounded."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from attnviz.ui.kit.folder_picker import folders_in
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.pages.training import open_folder, runs
from attnviz.ui.pages.training.open_folder import recorded_runs
from tests.fuzz.training_files import make_recording


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the page is told to show."""
    texts: list[str] = []
    for module in (runs, open_folder):
        monkeypatch.setattr(module, "show_error", lambda error: texts.append(str(error)))
    monkeypatch.setattr(runs.st, "info", texts.append)
    return texts


def test_the_good_ones_are_listed_and_the_bad_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: list[str]
) -> None:
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path))
    good = make_recording(tmp_path)
    for name, content in (("a", good), ("b", good[:-7]), ("c", b"[" * 100_000), ("d", good)):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.attn").write_bytes(content)
    assert [run.title for run in recorded_runs().values()] == ["a, a", "d, d"]
    assert [text.split()[0] for text in told] == ["b.attn", "c.attn"]


def test_uploads_are_read_by_themselves_and_so_many(tmp_path: Path, told: list[str]) -> None:
    good = make_recording(tmp_path)
    files = [
        SimpleNamespace(name=f"{n}\ud800.attn", getvalue=lambda n=n: good if n % 2 else bytes([n]))
        for n in range(runs.MOST_UPLOADS + 4)
    ]
    found = runs.uploaded_runs(files)
    assert [run.title for run in found.values()] == ["7"]  # the same content, under the last name
    assert len(told) == 1 + runs.MOST_UPLOADS // 2
    "".join(plain_text(text) for text in told).encode()


def test_folders_whose_names_are_no_text_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "caf\u00e9").mkdir()
    odd = os.fsencode(tmp_path) + b"/\xff\xfe"
    try:
        os.mkdir(odd)  # noqa: PTH102 - a name in bytes
    except OSError:
        pytest.skip("this system has no such names")
    assert folders_in(tmp_path) == ["caf\u00e9"]
    assert plain_text(os.fsdecode(odd)).encode().endswith(b"??")
