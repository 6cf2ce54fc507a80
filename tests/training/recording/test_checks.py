"""Invalid recording files are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_torch_file

from attnviz.errors import TrainingError
from attnviz.training.recording import checks as recording_checks
from attnviz.training.recording.file import Recording


def parts() -> tuple[dict[str, Any], dict[str, str]]:
    """Tensors and metadata of a valid recording of two checkpoints, one picture, two classes."""
    tensors = {
        "maps/soft-mask/block": np.ones((2, 1, 3, 3), np.float16),
        "steps": np.array([0, 5]),
        "epochs": np.array([0, 1], np.float32),
        "accuracy": np.array([np.nan, 0.5], np.float32),
        "loss": np.array([np.nan, 1], np.float32),
        "probabilities": np.full((2, 1, 2), 0.5, np.float16),
        "pixels": np.zeros((1, 4, 4, 3), np.uint8),
    }
    metadata = {
        "format": "attnviz-recording",
        "version": "1",
        "classes": json.dumps(["a", "b"]),
        "pictures": json.dumps(["one"]),
        "layers": json.dumps([["soft-mask", "block"]]),
        "recipe": "{}",
        "versions": "{}",
    }
    return tensors, metadata


def load(path: Path, tensors: dict[str, Any], metadata: dict[str, str]) -> Recording:
    file = path / "run.attn"
    save_file({key: np.ascontiguousarray(value) for key, value in tensors.items()}, file, metadata)
    return Recording.load(file, name="my.attn")


def test_a_valid_file_is_read(tmp_path: Path) -> None:
    read = load(tmp_path, *parts())
    assert [shot.step for shot in read.snapshots] == [0, 5]
    assert read.pixels is not None


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("steps", np.array([5, 5]), "rising"),
        ("steps", np.zeros((0,), np.int64), "rising"),
        ("steps", np.array([0.0, np.nan]), "rising"),
        ("epochs", np.zeros(3, np.float32), "epochs"),
        ("epochs", np.array([0, np.nan], np.float32), "epochs hold NaN"),
        ("loss", np.zeros(2, np.int64), "loss"),
        ("probabilities", np.full((2, 1, 2), np.inf, np.float16), "probabilities hold NaN"),
        ("maps/soft-mask/block", np.ones((2, 1, 3, 3), np.int8), "maps of block"),
        ("probabilities", np.zeros((2, 1, 3), np.float16), "probabilities"),
        ("maps/soft-mask/block", np.ones((2, 3, 3), np.float16), "maps of block"),
        ("maps/soft-mask/block", np.ones((2, 2, 3, 3), np.float16), "maps of block"),
        ("maps/soft-mask/block", np.full((2, 1, 3, 3), np.nan, np.float16), "NaN"),
        ("maps/soft-mask/block", np.zeros((2, 1, 1, 600), np.float16), "maps of block"),
        ("numbers/distance/block", np.zeros((3, 4), np.float32), "distance of block"),
        ("numbers/effect/block", np.zeros((2, 0), np.float32), "effect of block"),
        ("pixels", np.zeros((2, 4, 4, 3), np.uint8), "pixels"),
        ("pixels", np.zeros((1, 4, 4, 3), np.float32), "pixels"),
    ],
)
def test_invalid_tensors_are_named(tmp_path: Path, key: str, value: Any, message: str) -> None:
    tensors, metadata = parts()
    with pytest.raises(TrainingError, match=rf"^my\.attn cannot be read.*{message}"):
        load(tmp_path, tensors | {key: value}, metadata)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("classes", "[]"),
        ("classes", "not json"),
        ("pictures", '{"a": 1}'),
        ("layers", '["soft-mask"]'),
        ("layers", '[["soft-mask", "other"]]'),
        ("layers", "7"),
        ("classes", "[" * 100_000 + "]" * 100_000),
    ],
)
def test_invalid_metadata_is_refused(tmp_path: Path, key: str, value: str) -> None:
    tensors, metadata = parts()
    with pytest.raises(TrainingError, match=r"^my\.attn cannot be read as a recording"):
        load(tmp_path, tensors, metadata | {key: value})


def test_numbers_of_a_type_that_numpy_has_not_are_refused(tmp_path: Path) -> None:
    tensors, metadata = parts()
    halves = {name: torch.as_tensor(values) for name, values in tensors.items()}
    halves["maps/soft-mask/block"] = halves["maps/soft-mask/block"].bfloat16()
    file = tmp_path / "run.attn"
    save_torch_file(halves, file, metadata)
    with pytest.raises(TrainingError, match=r"^my\.attn cannot be read as a recording"):
        Recording.load(file, name="my.attn")


def test_names_can_be_sent_to_a_browser(tmp_path: Path) -> None:
    """JSON may hold half of a character, which no message can carry."""
    tensors, metadata = parts()
    read = load(tmp_path, tensors, metadata | {"pictures": '["caf\\u00e9 \\ud800"]'})
    assert read.pictures == ("café",)


def test_another_version_is_refused(tmp_path: Path) -> None:
    tensors, metadata = parts()
    with pytest.raises(TrainingError, match="reads version 1"):
        load(tmp_path, tensors, metadata | {"version": "2"})


def test_a_huge_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from attnviz.training.recording import file as recording

    monkeypatch.setattr(recording, "MOST_BYTES", 100)
    with pytest.raises(TrainingError, match="larger than"):
        load(tmp_path, *parts())
    assert recording_checks.MOST_BYTES == 64_000_000


def test_long_names_are_cut(tmp_path: Path) -> None:
    tensors, metadata = parts()
    read = load(tmp_path, tensors, metadata | {"pictures": json.dumps(["x" * 999])})
    assert read.pictures == ("x" * 179 + "…" + "x" * 20,)
