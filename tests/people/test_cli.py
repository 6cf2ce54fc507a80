"""`python -m attnviz agreement`: a table, or one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from attnviz.cli import cli
from attnviz.models.catalogue import find_model
from attnviz.pictures import open_sample


@pytest.fixture
def looked(tmp_path: Path) -> Path:
    folder = tmp_path / "looked"
    (folder / "images").mkdir(parents=True)
    table = {}
    for name in ("china", "flower", "astronaut"):
        picture = open_sample(name).reduced(200)
        Image.fromarray(picture.pixels).save(folder / "images" / f"{name}.png")
        table[f"{name}.png"] = [
            {"x": [60 + 5 * n, 90, 300], "y": [40, 70 + n, 20], "ms": [200, 210, 220]}
            for n in range(3)
        ]
    (folder / "fixations.json").write_text(json.dumps(table))
    return folder


def run(*words: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["agreement", *map(str, words), "--device", "cpu"])
    return result.exit_code, result.output


def test_the_table_has_a_row_for_everyone_and_is_written(looked: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "table.md"
    code, output = run(
        "--data", looked, "--methods", "attention, grad-cam", "--limit", 2, "--out", out
    )
    assert code == 0, output
    text = out.read_text(encoding="utf-8")
    assert text in output
    names = [row.split("|")[1].strip() for row in text.splitlines() if row.startswith("| ")]
    assert names == [
        "map",
        "chance",
        "centre, a Gaussian",
        "centre, where people looked in other pictures",
        "spectral residual",
        "Itti-Koch",
        "ran-small, attention (mask-gain at stage2.attention)",
        "ran-small, grad-cam (grad-cam at stage4)",
        "other people",
    ]
    assert "2 pictures of looked, 12 fixations" in text
    assert "6 fixations lie outside" in text


def test_a_network_with_weights_from_a_file_stands_in_the_table(
    looked: Path, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    torch.save(find_model("squeezenet1_1").build().state_dict(), tmp_path / "mine.pth")
    code, output = run("--data", looked, "--models", f"squeezenet1_1={tmp_path / 'mine.pth'}")
    assert code == 0, output
    assert "| squeezenet1_1 (mine.pth), decision (competition at " in output
    assert "squeezenet1_1 (mine.pth) has no map for 'attention'" in output


def test_the_table_is_shown_also_where_it_cannot_be_written(looked: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    code, output = run("--data", looked, "--models", "", "--out", tmp_path / "file" / "table.md")
    assert code == 1
    assert "| Itti-Koch |" in output
    assert "table.md cannot be written" in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--models", "ran-smal"), "Nearest: ran-small"),
        (("--methods", "gradcam"), "Nearest: grad-cam"),
        (("--limit", "1"), "at least two pictures"),
        (("--degree", "0"), "0 pixels to a degree"),
        (("--data", "nowhere"), "There is no file"),
    ],
)
def test_what_cannot_be_done_ends_in_one_sentence(
    looked: Path, words: tuple[str, str], says: str
) -> None:
    code, output = run(*(() if "--data" in words else ("--data", looked)), *words)
    assert code == 1
    assert says in output
    assert "Traceback" not in output
