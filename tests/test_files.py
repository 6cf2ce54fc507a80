"""Files are written as a whole, for whoever may read this user's files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from attnviz.errors import TrainingError
from attnviz.files import write_atomically


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_others_may_read_what_they_may_read_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("by the user's own rule")
    path = tmp_path / "made.safetensors"
    write_atomically(path, lambda partial: save_file({"a": np.arange(3)}, partial))
    assert load_file(path)["a"].tolist() == [0, 1, 2]
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_what_fails_in_the_middle_leaves_the_file_before(tmp_path: Path) -> None:
    path = tmp_path / "made"
    write_atomically(path, lambda partial: partial.write_text("first"))

    def fail(partial: Path) -> None:
        partial.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(TrainingError, match=r"made could not be written \(No space left"):
        write_atomically(path, fail)
    assert path.read_text() == "first"
    assert [one.name for one in tmp_path.iterdir()] == ["made"]
