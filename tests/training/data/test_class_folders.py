"""Counting what a folder holds, quickly enough to do it while somebody passes by."""

from __future__ import annotations

from pathlib import Path

import pytest

from attnviz.errors import TrainingError
from attnviz.training.data.class_folders import count_pictures, count_pictures_up_to


def made(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def test_the_quick_count_is_the_count(tmp_path: Path) -> None:
    names = ("a/1.jpg", "a/deep/2.PNG", "a/notes.txt", "b/3.webp", ".git/4.jpg", "empty/x.txt")
    root = made(tmp_path, *names)
    assert count_pictures_up_to(root) == count_pictures(root) == {"a": 2, "b": 1}
    split = made(
        tmp_path / "split", *(f"{part}/{one}" for part in ("train", "val") for one in names)
    )
    assert count_pictures_up_to(split) == count_pictures(split) == {"a": 2, "b": 1}


def test_too_many_files_are_not_counted_and_no_classes_are_said(tmp_path: Path) -> None:
    root = made(tmp_path, *(f"{name}/{n}.jpg" for name in "ab" for n in range(5)))
    assert count_pictures_up_to(root, most=12) == {"a": 5, "b": 5}  # two folders and ten files
    assert count_pictures_up_to(root, most=11) is None
    with pytest.raises(TrainingError, match="0 class folders"):
        count_pictures_up_to(root / "a")
    with pytest.raises(TrainingError, match="There is no folder"):
        count_pictures_up_to(root / "c")
