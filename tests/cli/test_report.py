"""`attnviz report`: many photos in one file, and what fails is named."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import numpy as np
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from attnviz.cli import cli
from attnviz.viewer.blob import blob_header

NOISE = np.random.default_rng(0).integers(0, 255, (48, 64, 3)).astype(np.uint8)
QUICK = ("--device", "cpu", "--input-size", "32", "--model", "ran-small")


def report(*words: object) -> Result:
    return CliRunner().invoke(cli, ["report", *map(str, words), *QUICK])


def viewers(file: Path) -> list[dict[str, object]]:
    """Headers of the viewers' data."""
    found = re.findall(rb'<script type="text/plain">([^<]*)</script>', file.read_bytes())
    return [blob_header(base64.b64decode(data)) for data in found]


def test_one_file_for_all_photos(tmp_path: Path) -> None:
    Image.fromarray(NOISE).save(tmp_path / "a.png")
    Image.fromarray(NOISE[::-1]).save(tmp_path / "b.png")
    out = tmp_path / "new" / "x.html"
    done = report(tmp_path, "--out", out, "--title", "Two & two", "--radius", "8")
    assert done.exit_code == 0, done.output
    assert re.fullmatch(r"2 photos in .*x\.html, \d\.\d MB\n", done.stdout)
    page = out.read_text(encoding="utf-8")
    assert "<h1>Two &amp; two</h1>" in page
    assert re.findall(r"<h2><bdi>(.*?)</bdi>", page) == ["a.png", "b.png"]
    assert len(re.findall(r"<data value=\"[\d.]+\">[\d.]+ → [\d.]+</data>", page)) == 10, (
        "asked again, blurred"
    )
    views = [header["view"] for header in viewers(out)]
    assert len(views) == 2
    assert all(isinstance(view, dict) and view["radius"] == 0.06 for view in views), "8 of 80 px"


def test_several_models_look_at_each_photo(tmp_path: Path) -> None:
    Image.fromarray(NOISE).save(tmp_path / "a.png")
    out = tmp_path / "x.html"
    done = report(tmp_path / "a.png", "--model", "cbam-small", "--out", out)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("1 photo in ")
    page = out.read_text(encoding="utf-8")
    assert "<h1>Where 2 models look</h1>" in page
    assert re.findall(r"<small>([\w-]+) · ", page) == ["cbam-small", "ran-small"]
    assert len(viewers(out)) == 2


def test_a_bad_photo_is_left_out_and_named(tmp_path: Path) -> None:
    Image.fromarray(NOISE).save(tmp_path / "a.png")
    (tmp_path / "b.jpg").write_text("no picture")
    out = tmp_path / "x.html"
    done = report(tmp_path / "b.jpg", tmp_path / "a.png", "--out", out)
    assert done.exit_code == 1
    assert "b.jpg is a text file" in done.stderr
    assert done.stdout.startswith("1 photo in ")
    assert len(viewers(out)) == 1


def test_without_any_photo_nothing_is_written(tmp_path: Path) -> None:
    done = report(tmp_path / "gone.png", "--out", tmp_path / "x.html")
    assert done.exit_code == 1
    assert not (tmp_path / "x.html").exists()
    assert done.stdout == ""


def test_programs_get_one_line(tmp_path: Path) -> None:
    Image.fromarray(NOISE).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"no picture")
    out = tmp_path / "x.html"
    done = report(tmp_path, "--out", out, "--json")
    assert done.exit_code == 1
    record = json.loads(done.stdout)
    assert record["out"] == str(out)
    assert record["bytes"] == out.stat().st_size
    assert (record["photos"], record["models"]) == (1, ["ran-small"])
    (error,) = record["errors"]
    assert "b.png" in error

    done = report(tmp_path / "b.png", "--out", tmp_path / "y.html", "--json")
    assert json.loads(done.stdout)["out"] is None
    assert not (tmp_path / "y.html").exists()
