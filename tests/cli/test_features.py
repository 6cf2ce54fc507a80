"""`attnviz features`: one basis for all pictures, or one for each."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from attnviz.analysis.features import features, shared_basis
from attnviz.cli import cli
from attnviz.export.png import read_provenance
from attnviz.models.loading import load_model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "photos"
    made.mkdir()
    for number in range(2):
        pixels = np.random.default_rng(number).integers(0, 255, (60, 90, 3), np.uint8)
        Image.fromarray(pixels).save(made / f"{number}.png")
    return made


def run(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["features", *map(str, words), "--device", "cpu"])
    return result.exit_code, result.output


def written(path: Path) -> tuple[np.ndarray, np.ndarray, dict[str, str]]:
    file = np.load(path / "features.npz", allow_pickle=False)
    return file["features"], file["components"], json.loads(str(file["provenance"]))


def test_all_pictures_share_a_basis_unless_asked_otherwise(folder: Path, tmp_path: Path) -> None:
    model = load_model("vit-small", "cpu")
    found = [features(model, folder / f"{number}.png") for number in range(2)]
    for options, groups in (((), [found, found]), (("--each",), [[one] for one in found])):
        out = tmp_path / f"out{len(options)}"
        code, output = run(folder, "--model", "vit-small", "--out", out, *options)
        assert code == 0, output
        for number, group in enumerate(groups):
            values, components, facts = written(out / str(number))
            np.testing.assert_allclose(values, found[number].values, atol=1e-5)
            expected = shared_basis(group).components(found[number].values)
            np.testing.assert_allclose(components, expected, atol=1e-3)
            assert facts["basis"] == ("its own" if options else "of 2 pictures")
            assert facts["picture sha256"] == found[number].picture.sha256
            content = (out / str(number) / "components.png").read_bytes()
            assert read_provenance(content) == facts
    rows, columns, width = found[0].values.shape
    assert f"0.png: {rows} x {columns} patches of {width} numbers from {found[0].layer}" in output


def test_a_picture_that_fails_stops_no_other(folder: Path, tmp_path: Path) -> None:
    (folder / "2.png").write_bytes(b"no picture")
    code, output = run(
        folder, "--model", "ran-small", "--layer", "stage1.residual", "--out", tmp_path / "out"
    )
    assert code == 1
    assert "There is no layer named 'stage1.residual'" in output
    code, output = run(folder, "--model", "ran-small", "--out", tmp_path / "out")
    assert code == 1
    assert "2.png" in output
    assert (tmp_path / "out" / "1" / "features.npz").is_file()
    assert not (tmp_path / "out" / "2").exists()


def test_programs_get_a_line_for_each_picture(folder: Path, tmp_path: Path) -> None:
    (folder / "2.png").write_bytes(b"no picture")
    out = tmp_path / "out"
    words = ["features", str(folder), "--model", "ran-small", "--out", str(out), "--json"]
    result = CliRunner().invoke(cli, [*words, "--device", "cpu", "--input-size", "32"])
    assert result.exit_code == 1
    lines = {Path(one["picture"]).name: one for one in map(json.loads, result.stdout.splitlines())}
    assert set(lines) == {"0.png", "1.png", "2.png"}
    assert all(set(one) == set(lines["2.png"]) for one in lines.values())
    for name in ("0", "1"):
        values, _, facts = written(out / name)
        one = lines[f"{name}.png"]
        assert one["shape"] == list(values.shape)
        assert one["provenance"] == facts
        assert [Path(path).is_file() for path in one["files"]] == [True, True]
    assert (lines["2.png"]["files"], lines["2.png"]["shape"]) == ([], None)
    assert "2.png" in lines["2.png"]["error"]
