"""Counting the pictures of class folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from attnviz.errors import TrainingError
from attnviz.training.data.class_folders import count_pictures, count_pictures_up_to


def make_files(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def test_the_bounded_count_equals_the_full_count(tmp_path: Path) -> None:
    names = ("a/1.jpg", "a/deep/2.PNG", "a/notes.txt", "b/3.webp", ".git/4.jpg", "empty/x.txt")
    root = make_files(tmp_path, *names)
    assert count_pictures_up_to(root) == count_pictures(root) == {"a": 2, "b": 1}
    split = make_files(
        tmp_path / "split", *(f"{part}/{name}" for part in ("train", "val") for name in names)
    )
    assert count_pictures_up_to(split) == count_pictures(split) == {"a": 2, "b": 1}


def test_too_many_files_give_none_and_missing_classes_raise(tmp_path: Path) -> None:
    root = make_files(tmp_path, *(f"{name}/{n}.jpg" for name in "ab" for n in range(5)))
    assert count_pictures_up_to(root, most=12) == {"a": 5, "b": 5}  # two folders and ten files
    assert count_pictures_up_to(root, most=11) is None
    with pytest.raises(TrainingError, match="0 class folders"):
        count_pictures_up_to(root / "a")
    with pytest.raises(TrainingError, match="There is no folder"):
        count_pictures_up_to(root / "c")
