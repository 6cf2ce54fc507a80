"""`attnviz batch`: a folder in, results and exit codes out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from attnviz.cli import cli

QUICK = ("--device", "cpu", "--input-size", "32", "--workers", "0")


def batch(*words: object) -> Result:
    return CliRunner().invoke(cli, ["batch", *map(str, words), *QUICK])


def folder(path: Path, *names: str) -> Path:
    random = np.random.default_rng(0)
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 255, (40, 40, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(path / name)
    return path


def test_a_folder_with_a_broken_picture(tmp_path: Path) -> None:
    photos = folder(tmp_path / "photos", "a.png", "deep/b.png")
    (photos / "c.jpg").write_text("no picture")
    done = batch(photos, "--out", tmp_path / "out", "--json")
    assert done.exit_code == 1
    summary = json.loads(done.stdout)
    assert (summary["pictures"], summary["errors"]) == (3, 1)
    assert "c.jpg" in done.stderr
    assert "1 of 3 pictures failed." in done.stderr
    table = pyarrow.parquet.read_table(tmp_path / "out" / "scores.parquet")
    assert [Path(path).name for path in table["path"].to_pylist()] == ["a.png", "c.jpg", "b.png"]
    assert table["group"].to_pylist() == ["photos", "photos", "deep"]
    again = batch(photos, "--out", tmp_path / "out")  # nothing is left to do
    assert again.stdout == f"3 pictures in {tmp_path / 'out'}.\n"


def test_a_table_and_what_cannot_be_asked(tmp_path: Path) -> None:
    folder(tmp_path, "a.png")
    (tmp_path / "set.csv").write_text("path\na.png\n")
    done = batch(tmp_path / "set.csv", "--out", tmp_path / "out", "--quiet")
    assert (done.exit_code, done.output) == (0, "")
    wrong = batch(tmp_path / "set.csv", "--out", tmp_path / "other", "--method", "gradcam")
    assert wrong.exit_code == 1
    assert "Nearest: grad-cam" in wrong.stderr
    engine = batch(tmp_path / "set.csv", "--out", tmp_path / "other", "--engine", "spark")
    assert engine.exit_code == 1
    assert "There is no engine named 'spark'. Known: local, ray." in engine.stderr
    missing = batch(tmp_path / "nothing", "--out", tmp_path / "none")
    assert missing.exit_code == 1
    assert "nothing" in missing.stderr
    # Told before the work, not after it.
    for option, value, told in (
        ("--focus", "uncertan:20", "Nearest: uncertain"),
        ("--focus", "uncertain", "takes how many, as in uncertain:20"),
        ("--against", str(tmp_path / "nowhere"), "holds no results that are whole"),
    ):
        early = batch(tmp_path / "set.csv", "--out", tmp_path / "early", option, value)
        assert early.exit_code == 1
        assert told in early.stderr
    shared = batch("a.png", "--out", "out", "--engine", "ray", "--address", "auto")
    assert "a.png is a path below this machine's folder" in shared.stderr
    assert not (tmp_path / "early").exists()


def test_another_model_a_sanity_check_and_other_formats(tmp_path: Path) -> None:
    photos = folder(tmp_path / "photos", "a.png", "b.png")
    first = batch(photos, "--out", tmp_path / "first", "--quiet", "--model", "ran-small")
    assert (first.exit_code, first.output) == (0, "")
    done = batch(
        photos, "--out", tmp_path / "out", "--against", tmp_path / "first", "--sanity", "1",
        "--coco", tmp_path / "set.json", "--fiftyone", tmp_path / "fiftyone",
    )  # fmt: skip
    assert done.exit_code == 0
    assert "Pictures in both sets: 2." in done.stdout
    assert "With all weights made random" in done.stdout or "could be tested" in done.stdout
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["sanity"]["pictures"] == 1
    assert len(json.loads((tmp_path / "set.json").read_text())["images"]) == 2
    samples = json.loads((tmp_path / "fiftyone" / "samples.json").read_text())["samples"]
    assert [Path(one["filepath"]).name for one in samples] == ["a.png", "b.png"]
    missing = batch(photos, "--out", tmp_path / "out", "--against", tmp_path / "none")
    assert missing.exit_code == 1
    assert "holds no results that are whole" in missing.stderr
