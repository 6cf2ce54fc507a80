"""Results opened again, whatever was written into them meanwhile, and what they say as a whole."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

from attnviz.analysis.explain_together import Asked
from attnviz.batch.opened import file_of_row, open_results
from attnviz.batch.parts import ResultFolder
from attnviz.batch.picture_file import PictureFile
from attnviz.batch.run import BatchRun
from attnviz.batch.set_summary import histogram, summarise
from attnviz.errors import OutputError
from attnviz.models.vision_model import VisionModel


@pytest.fixture
def folder(model: VisionModel, files: list[PictureFile], tmp_path: Path) -> ResultFolder:
    return BatchRun(model, files, Asked("grad-cam"))(tmp_path / "out")


def test_a_set_is_summed_up(folder: ResultFolder) -> None:
    results = open_results(folder.path)
    summary = summarise(results)
    rows = [row for row in folder.scores().to_pylist() if row["error"] is None]
    assert (summary.pictures, summary.errors, results.errors) == (14, 1, 1)
    assert summary.sure == sum(row["sure"] for row in rows)
    assert sum(count for _, count in summary.classes) == 13
    label, count = summary.classes[0]
    assert count == sum(row["top1"] == label for row in rows)
    assert summary.place is not None
    assert summary.place.sum() == pytest.approx(1, abs=1e-5)
    assert summary.centre is not None
    middles = (np.arange(8) + 0.5) / 8
    assert summary.centre[1] == pytest.approx((summary.place.sum(0) * middles).sum(), abs=1e-6)
    edges, counts = histogram(results, "probability1", 4)
    assert edges.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert counts[1] == sum(0.25 <= row["probability1"] < 0.5 for row in rows)
    assert counts.sum() == 13


def test_a_table_without_a_column_is_told(folder: ResultFolder) -> None:
    results = open_results(folder.path)
    assert results.row(3)["path"].endswith("03.png")
    assert results.question["method"] == "grad-cam"
    pyarrow.parquet.write_table(
        folder.scores().drop_columns(["seen_top"]), folder.path / "scores.parquet"
    )
    with pytest.raises(OutputError, match="no column 'seen_top'"):
        open_results(folder.path)


@pytest.mark.parametrize("given", [{"against": 3}, {"sanity": {"mean": "x"}}, {"sanity": []}])
def test_what_a_manifest_may_not_say_is_left_out(
    folder: ResultFolder, given: dict[str, object]
) -> None:
    manifest = json.loads((folder.path / "manifest.json").read_text())
    (folder.path / "manifest.json").write_text(json.dumps({**manifest, **given}))
    assert open_results(folder.path).findings == ()


def test_what_is_no_result_is_said(folder: ResultFolder, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no results that are whole"):
        open_results(tmp_path)
    (folder.path / "scores.parquet").write_bytes(b"PAR1 no table")
    with pytest.raises(OutputError, match=r"cannot be read as results .* Run it again"):
        open_results(folder.path)


def test_a_row_names_a_file_or_a_part_of_an_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("a/1.png", b"one")
    (tmp_path / "2.png").write_bytes(b"two")
    inside = file_of_row(f"{tmp_path}/set.zip/a/1.png")
    assert inside == PictureFile(f"{tmp_path}/set.zip", "a/1.png")
    assert inside is not None
    assert inside.content() == b"one"
    plain = file_of_row(f"{tmp_path}/2.png")
    assert plain is not None
    assert plain.content() == b"two"
    for missing in ("", "\0", f"{tmp_path}/3.png", f"{tmp_path}", "x" * 5000, "/dev/zero"):
        assert file_of_row(missing) is None
