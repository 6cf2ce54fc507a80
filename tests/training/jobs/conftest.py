"""A folder of runs for each test, and pictures that can be learned."""

from __future__ import annotations

from pathlib import Path

import pytest

from attnviz.training.data.shapes import write_shapes


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "runs"
    monkeypatch.setenv("ATTNVIZ_RUNS", str(folder))
    return folder


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    write_shapes(tmp_path / "shapes", per_class=13, side=32)  # 36 to train on
    return tmp_path / "shapes"
