"""The example scripts run as a reader would run them, and write what they say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import attnviz
from attnviz.pictures import open_sample
from tests.paths import ROOT

SCRIPTS = sorted((ROOT / "examples").glob("*.py"))


def run(name: str, out: Path) -> str:
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / name, out],
        cwd=out,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_focus_picture_is_blurred_in_places_alone(tmp_path: Path) -> None:
    run("focus_picture.py", tmp_path)
    photo = open_sample("coffee").pixels.astype(float)
    pixels = np.asarray(Image.open(tmp_path / "focus.png")).astype(float)
    assert pixels.shape == photo.shape
    change = np.abs(pixels - photo).max(-1)
    assert (change < 2).mean() > 0.02
    assert (change > 8).mean() > 0.2


def test_the_mask_of_an_own_network_is_found(tmp_path: Path) -> None:
    (line,) = run("own_network.py", tmp_path).splitlines()
    low, high = (float(number) for number in line.split("), ")[1].split(" to "))
    assert 0 <= low < high <= 1


def test_every_layer_is_in_the_figure(tmp_path: Path) -> None:
    assert run("layer_by_layer.py", tmp_path).startswith("6 layers")
    pixels = np.asarray(Image.open(tmp_path / "layers.png").convert("RGB"))
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 200, "the figure is empty"


def test_the_recording_opens(tmp_path: Path) -> None:
    run("record_training.py", tmp_path)
    recording = attnviz.Recording.load(tmp_path / "run.attn")
    assert [one.epoch for one in recording.snapshots] == [0, 1, 2]


def test_the_marked_region_is_compared_with_the_centre(tmp_path: Path) -> None:
    output = run("does_it_matter.py", tmp_path)
    found = re.findall(r"^(\w+): insertion (\S+), deletion (\S+)$", output, re.MULTILINE)
    assert [name for name, _, _ in found] == ["decision", "centre"]
    gains = [float(insertion) - float(deletion) for _, insertion, deletion in found]
    assert gains[0] > 0
    assert (tmp_path / "evidence.png").stat().st_size > 10_000


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_every_script_is_listed(path: Path) -> None:
    assert f"`{path.name}`" in (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
