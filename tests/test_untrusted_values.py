"""Reading what lies at a path from outside."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from attnviz.untrusted.values import read_bounded


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists open files there")
def test_a_folder_is_refused_and_leaves_nothing_open(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert read_bounded(tmp_path / "a", 5) == b"12345"
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        with pytest.raises((OSError, ValueError)):
            read_bounded(tmp_path, 5)
        with pytest.raises(ValueError, match="it is larger"):
            read_bounded(tmp_path / "a", 4)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
