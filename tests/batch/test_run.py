"""A run over many pictures: its numbers, and that it ends alike however often it is stopped."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow
import pytest

import attnviz
from attnviz.analysis.explain_together import Asked
from attnviz.batch import parts, run
from attnviz.batch.part_work import PartOrder, PartWork
from attnviz.batch.parts import ResultFolder
from attnviz.batch.picture_file import PictureFile
from attnviz.batch.run import BatchRun
from attnviz.errors import OutputError, UnknownNameError
from attnviz.models.vision_model import VisionModel


@pytest.fixture
def batch(
    model: VisionModel, files: list[PictureFile], monkeypatch: pytest.MonkeyPatch
) -> BatchRun:
    monkeypatch.setattr(run, "_PART", 4)
    return BatchRun(model, files, Asked("grad-cam"), batch_size=3)


def results_of(folder: ResultFolder) -> tuple[pyarrow.Table, list[pyarrow.Table], list[str]]:
    """All that does not depend on time."""
    scripts = [path.read_text() for path in sorted((folder.path / "index").glob("0*.js"))]
    return folder.scores().drop_columns(["seconds"]), list(folder.maps()), scripts


def test_numbers_and_maps_are_those_of_explain(
    batch: BatchRun, model: VisionModel, tmp_path: Path
) -> None:
    folder = batch(tmp_path / "out")
    rows = folder.scores().to_pylist()
    assert [row["index"] for row in rows] == list(range(14))
    assert [row["path"] for row in rows] == [file.name for file in batch.files]
    assert "05.png" in rows[5]["error"]
    assert rows[5]["sha256"] is rows[5]["top1"] is rows[5]["entropy"] is None
    expected = attnviz.explain(model, batch.files[7].path, "grad-cam")
    assert rows[7]["sha256"] == expected.picture.sha256
    assert (rows[7]["width"], rows[7]["height"], rows[7]["group"]) == (64, 32, "photos")
    assert [rows[7][f"top{rank}"] for rank in range(1, 6)] == [
        *(one.label for one in expected.predictions), None
    ]  # fmt: skip
    first, second = (one.probability for one in expected.predictions[:2])
    assert rows[7]["probability1"] == pytest.approx(first, abs=1e-5)
    assert rows[7]["margin"] == pytest.approx(first - second, abs=1e-5)
    assert (rows[7]["method"], rows[7]["layer"]) == ("grad-cam", expected.best_layer)
    assert rows[7]["target"] == expected.predictions[0].label
    maps = pyarrow.concat_tables(folder.maps()).to_pylist()
    assert len(maps) == 13 * len(expected.layers)
    for row in (one for one in maps if one["index"] == 7):
        values = np.array(row["values"]).reshape(row["rows"], row["columns"]) * row["scale"]
        wanted = expected.map_of(row["layer"])
        np.testing.assert_allclose(values, wanted, atol=1e-3 * np.abs(wanted).max() + 1e-7)


def test_the_manifest_comes_last_and_says_what_was_run(batch: BatchRun, tmp_path: Path) -> None:
    folder = batch(tmp_path / "out")
    manifest = json.loads((folder.path / "manifest.json").read_text())
    assert manifest["question"]["weights"] == batch.model.weights_sha256
    assert (manifest["errors"], manifest["methods"]) == (1, ["grad-cam"])
    assert not (folder.path / "parts").exists()
    done: list[int] = []
    batch(folder.path, lambda count, _total: done.append(count))
    assert done == []  # nothing is computed again


def stop_after(count: int) -> Callable[[int, int | None], None]:
    def progress(done: int, _total: int | None) -> None:
        if done == count:
            raise KeyboardInterrupt

    return progress


def test_stopped_twice_it_ends_like_an_unbroken_run(batch: BatchRun, tmp_path: Path) -> None:
    unbroken = results_of(batch(tmp_path / "unbroken"))
    for count in (3, 6, 13):
        with pytest.raises(KeyboardInterrupt):
            batch(tmp_path / "out", stop_after(count))
        assert not (tmp_path / "out" / "manifest.json").exists()
    assert len(list((tmp_path / "out" / "parts").glob("*.parquet"))) == 3
    assert results_of(batch(tmp_path / "out")) == unbroken


def test_parts_that_are_missing_do_not_end_as_a_whole(batch: BatchRun, tmp_path: Path) -> None:
    """As where a machine writes into another folder than the one that it should share."""

    def elsewhere(_work: PartWork, orders: Sequence[PartOrder]) -> Iterator[int]:
        yield from (len(part.files) for part in orders)

    with pytest.raises(OutputError, match=r"parts are not in .*part 0 is the first"):
        replace(batch, spread=elsewhere)(tmp_path / "out")
    assert not (tmp_path / "out" / "manifest.json").exists()
    left = tmp_path / "out" / "index" / "live" / "000000.js.0a1b.partial"
    left.parent.mkdir(parents=True)
    left.write_text("half of it")  # by a run that was killed
    folder = batch(tmp_path / "out")
    assert results_of(folder) == results_of(batch(tmp_path / "unbroken"))
    assert not left.exists()


def test_a_full_disk_stops_it_anywhere_and_leaves_no_half_files(
    batch: BatchRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unbroken = results_of(batch(tmp_path / "unbroken"))
    write, left = parts.replace_whole, 0

    def full(path: Path, content: Callable[[Path], object], *, others: bool) -> None:
        nonlocal left
        if left == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        left -= 1
        write(path, content, others=others)

    monkeypatch.setattr(parts, "replace_whole", full)
    for room in (0, 1, 2, 3, 4):  # the question is written anew each time
        left = room
        with pytest.raises(OutputError, match=r"No space left on device.*goes on where it stopped"):
            batch(tmp_path / "out")
        assert not list((tmp_path / "out").rglob("*.partial"))
    left = 1000
    assert results_of(batch(tmp_path / "out")) == unbroken


def test_results_of_something_else_are_not_touched(
    batch: BatchRun, model: VisionModel, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        batch(tmp_path / "out", stop_after(6))
    other = BatchRun(model, batch.files, Asked("eigen-cam"), batch_size=3)
    with pytest.raises(OutputError, match="method differ"):
        other(tmp_path / "out")
    with pytest.raises(UnknownNameError):
        BatchRun(model, batch.files, Asked("gradcam"))(tmp_path / "mistyped")
    assert batch(tmp_path / "mistyped").is_whole
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("ten years")
    with pytest.raises(OutputError, match="holds other files"):
        batch(tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_the_share_inside_a_box_is_told(
    model: VisionModel, files: list[PictureFile], tmp_path: Path
) -> None:
    boxes = [PictureFile(files[0].path, box=box) for box in ((0, 0, 1, 1), (0, 0, 0.5, 1))]
    rows = BatchRun(model, boxes, Asked("grad-cam"))(tmp_path / "out").scores()["inside_box"]
    whole, half = rows.to_pylist()
    assert whole == pytest.approx(1)
    assert 0 < half < 1
