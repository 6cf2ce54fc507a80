"""Black boxes on the command line: a file, its labels, and whether it is what it was made from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from attnviz.cli import cli
from tests.models.black_box.networks import write_onnx

pytest.importorskip("onnxruntime")


@pytest.fixture
def photo_file(tmp_path: Path, photo: np.ndarray) -> Path:
    Image.fromarray(photo).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def explain(*words: str | Path, method: str = "occlusion") -> tuple[int, str, str]:
    command = ["explain", *map(str, words), "--method", method, "--device", "cpu"]
    result = CliRunner().invoke(cli, command)
    return result.exit_code, result.stdout, result.stderr


def test_a_file_is_explained_with_its_labels(photo_file: Path, tmp_path: Path) -> None:
    net = write_onnx(tmp_path / "net.onnx", (1, 3, 20, 20))
    (tmp_path / "labels.txt").write_text("ape\n bee \n\ncat\n", "utf-8")
    out = tmp_path / "out"
    words = (photo_file, "--model", net, "--labels", tmp_path / "labels.txt", "--out", out)
    code, told, _ = explain(*words, "--json", "--agreement-with", net)
    assert code == 0
    report = json.loads(told)
    assert {one["label"] for one in report["predictions"]} == {"ape", "bee", "cat"}
    assert (report["model"], report["layers"]) == ("net.onnx", ["input"])
    assert report["geometry"]["input_size"] == [20, 20]
    (note,) = [note for note in report["notes"] if note.startswith("Agreement")]
    assert "the same top class, logits that differ by 0 at most" in note
    assert "occlusion maps of 1.000" in note
    assert (out / "photo" / "maps.npz").is_file()


def test_what_is_wrong_is_one_sentence(photo_file: Path, tmp_path: Path) -> None:
    net = write_onnx(tmp_path / "net.onnx")
    out = ("--out", tmp_path / "out")
    code, _, told = explain(photo_file, "--model", net, *out)
    assert (code, told.count("\n")) == (1, 1)
    assert "(--input-size on the command line)" in told
    code, _, told = explain(
        photo_file, "--model", net, *out, "--input-size", "20", method="rollout"
    )
    assert (code, told.count("\n")) == (1, 1)
    assert "choose rise or occlusion" in told
    code, _, told = explain(photo_file, "--labels", tmp_path / "labels.txt", *out)
    assert (code, told) == (
        1, "--labels is for black boxes. A model of the catalogue has its own.\n"
    )  # fmt: skip
    words = (photo_file, "--model", net, "--labels", tmp_path / "none.txt", *out)
    code, _, told = explain(*words)
    assert code == 1
    assert "none.txt cannot be read as labels" in told
