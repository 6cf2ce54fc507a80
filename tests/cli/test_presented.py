"""What is shown of scenes and scans is chosen on the command line, and written into the files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from typer.testing import CliRunner

from attnviz.cli import cli
from attnviz.export.png import read_provenance

QUICK = ("--device", "cpu", "--input-size", "32", "--model", "ran-small")
VALUES = np.random.default_rng(0).integers(-1000, 2000, (3, 40, 48, 4), dtype=np.int16)


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "scan.tif"
    tifffile.imwrite(path, VALUES, photometric="minisblack", metadata={"axes": "ZYXS"})
    return path


def run(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(cli, [*map(str, words), *QUICK])
    return result.exit_code, result.output


def test_the_focus_picture_shows_the_chosen_channels_window_and_slice(
    scan: Path, tmp_path: Path
) -> None:
    words = ("--channels", "4,3,2", "--window", "-200,1000", "--slice", "3")
    code, output = run(
        "explain", scan, "--out", tmp_path / "out", "--layer", "best", "--save", "focus",
        "--radius", "0", "--json", *words,
    )  # fmt: skip
    assert code == 0, output
    (path,) = json.loads(output)["files"]
    # Without blur the focus picture is what is shown: black at -700 and white at 300.
    wanted = np.clip((VALUES[2][..., [3, 2, 1]] + 700.0) / 1000, 0, 1) * 255
    np.testing.assert_allclose(np.asarray(Image.open(path)), wanted, atol=1)
    read = read_provenance(Path(path).read_bytes())["picture as read"]
    assert read.startswith("Slice 3 of 3. Shown: channel 4 from -700 to 300, channel 3 from")


def test_a_report_and_features_take_the_same(scan: Path, tmp_path: Path) -> None:
    words = ("--channels", "2", "--window", "whole", "--slice", "1")
    code, output = run("report", scan, "--out", tmp_path / "x.html", *words)
    assert code == 0, output
    low, high = VALUES[0][..., 1].min(), VALUES[0][..., 1].max()
    told = f"Slice 1 of 3. Shown: channel 2 from {low} to {high} of 4 channels"
    assert told in (tmp_path / "x.html").read_text("utf-8")
    code, output = run("features", scan, "--out", tmp_path, *words)
    assert code == 0, output
    path = tmp_path / "scan" / "components.png"
    assert read_provenance(path.read_bytes())["picture as read"].startswith(told)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--channels", "4,3"), "'4,3' names no channels"),
        (("--channels", "5"), "scan.tif has the channels 1 to 4, and 5 is to be shown"),
        (("--window", "wide"), "'wide' is no window. Give LEVEL,WIDTH"),
        (("--slice", "4"), "scan.tif has the slices 1 to 3, and no slice 4"),
    ],
)
def test_what_cannot_be_shown_ends_in_one_sentence(
    scan: Path, tmp_path: Path, words: tuple[str, str], says: str
) -> None:
    for command, out in (("explain", tmp_path / "out"), ("report", tmp_path / "x.html")):
        code, output = run(command, scan, "--out", out, *words)
        assert code == 1
        assert says in output
        assert "Traceback" not in output
