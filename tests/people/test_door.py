"""Agreement with people for scripts."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz.errors import OutputError, UnknownNameError
from tests.people.test_cli import looked as looked


def test_rows_leave_as_csv_and_as_a_page(looked: Path, tmp_path: Path) -> None:
    model = attnviz.load_model("ran-small", "cpu")
    found = attnviz.agreement([model], looked, "grad-cam", limit=2)
    assert repr(found) == "<Agreement of 6 maps with people, on 2 pictures>"
    text = found.to_csv(tmp_path / "rows.csv")
    assert (tmp_path / "rows.csv").read_text(encoding="utf-8") == text
    table = list(csv.DictReader(io.StringIO(text)))
    assert [row["map"] for row in table][-2:] == ["ran-small, grad-cam", "other people"]
    scored = found.results.values["ran-small, grad-cam"]["NSS"]
    assert float(table[-2]["NSS mean"]) == pytest.approx(np.mean(scored), abs=1e-4)
    name = "ran-small, grad-cam (grad-cam at stage4)"
    assert found.to_dict()[name]["NSS"]["mean"] == pytest.approx(np.mean(scored))
    assert f"| {name} |" in found.to_markdown()
    with pytest.raises(OutputError, match="cannot be written"):
        found.to_csv(tmp_path / "missing" / "rows.csv")


def test_names_are_checked_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Nearest: grad-cam"):
        attnviz.agreement("ran-small", tmp_path / "missing", ["gradcam"])
