"""Boxes, regions and words on the command line, of small networks that know what they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import attnviz
from attnviz.cli import cli
from attnviz.models import loading
from attnviz.targets.text import format_target
from tests.targets.test_places_by_hand import wrapped
from tests.targets.test_words import reader


def left_half() -> attnviz.Region:
    mask = np.zeros((16, 16), bool)
    mask[:, :8] = True
    return attnviz.Region(mask, "red")


@pytest.mark.parametrize(
    ("model", "target", "value"),
    [
        (wrapped, attnviz.Box(0, 0, 0.5, 1, "red"), 0.8),
        (lambda: wrapped("dense"), left_half(), 1 / (1 + 2 * np.exp(-2.4))),  # logits 0, 2.4, 0
        (reader, attnviz.Words("red"), 10),  # 10 times a cosine
    ],
)
def test_what_is_asked_is_answered_and_written_down(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    model: Callable[[], attnviz.VisionModel],
    target: attnviz.Box | attnviz.Region | attnviz.Words,
    value: float,
) -> None:
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[:, :8, 0] = 204
    photo = tmp_path / "halves.png"
    Image.fromarray(pixels).save(photo)
    network, text = model(), format_target(target)
    monkeypatch.setattr(loading, "load_model", lambda *_, **__: network)
    words = ["explain", photo, "--model", "ran-small", "--target", text, "--out", tmp_path / "out"]
    result = CliRunner().invoke(cli, [*map(str, words), "--json"])
    assert result.exit_code == 0, result.output
    record = json.loads(result.stdout)
    assert record["asked"] == [{"text": text, "share": 1.0}]
    assert record["target"]["value"] == pytest.approx(value, rel=1e-4)
    assert all(Path(name).stat().st_size for name in record["files"])
