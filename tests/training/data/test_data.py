"""Loading valid and broken folders of class folders."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from attnviz.errors import TrainingError
from attnviz.training.data.class_folders import count_pictures
from attnviz.training.data.data import PictureSet, load_class_folder, squash
from attnviz.training.data.noise import noisy_labels
from tests.training.conftest import draw


def test_splits_labels_and_names(shapes: Path) -> None:
    data = load_class_folder(shapes, side=32)
    assert data.classes == ("red disc", "blue square")
    assert np.bincount(data.training.labels).tolist() == [24, 24]
    assert np.bincount(data.validation.labels).tolist() == [8, 8]
    np.testing.assert_array_equal(data.training.pixels[0], draw(0, 0))
    np.testing.assert_array_equal(data.validation.pixels[8], draw(1, 1000))


def test_broken_pictures_are_listed_and_the_others_loaded(shapes: Path, tmp_path: Path) -> None:
    root = tmp_path / "shapes"
    shutil.copytree(shapes, root)
    (root / "train" / "a" / "broken.jpg").write_text("no picture")
    said: list[str] = []
    data = load_class_folder(root, side=32, notify=said.append)
    assert data.broken == (str(Path("a") / "broken.jpg"),)
    assert len(data.training) == 48
    assert said == [f"One file could not be opened and is left out: {Path('a') / 'broken.jpg'}."]


def test_without_validation_folder_a_share_of_each_class_is_held_out(shapes: Path) -> None:
    said: list[str] = []
    data = load_class_folder(shapes / "train", side=32, validation_share=0.25, notify=said.append)
    assert len(said) == 1
    assert "no validation split, so 12 of 48 pictures are held out" in said[0]
    again = load_class_folder(shapes / "train", side=32, validation_share=0.25, seed=5)
    assert again.digest() == data.digest(), "a seed sets aside the same ones"
    assert np.bincount(data.validation.labels).tolist() == [6, 6]
    assert np.bincount(data.training.labels).tolist() == [18, 18]
    np.testing.assert_array_equal(data.validation.pixels, again.validation.pixels)
    both = np.concatenate([data.training.pixels, data.validation.pixels]).reshape(48, -1)
    assert len(np.unique(both, axis=0)) == 48


def put(folder: Path, count: int) -> None:
    folder.mkdir(parents=True)
    for number in range(count):
        Image.fromarray(draw(0, number)).save(folder / f"{number}.png")


def broken(folder: Path, count: int) -> None:
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"{number}.png").write_bytes(b"no picture")


def test_pictures_are_counted_without_being_opened(tmp_path: Path) -> None:
    put(tmp_path / "a", 3)
    broken(tmp_path / "b" / "deeper", 2)
    (tmp_path / "b" / "notes.txt").write_text("no picture by its name")
    (tmp_path / "empty").mkdir()
    assert count_pictures(tmp_path) == {"a": 3, "b": 2}


def test_two_pictures_of_each_class_are_enough(tmp_path: Path) -> None:
    put(tmp_path / "a", 2)
    put(tmp_path / "b", 2)
    data = load_class_folder(tmp_path, side=32)
    assert data.training.labels.tolist() == data.validation.labels.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: p, "There is no folder"),
        (lambda p: put(p / "only", 3), "has 1 class folders"),
        (lambda p: [(p / n).mkdir(parents=True) for n in "ab"], "has 0 class folders"),
        (lambda p: [put(p / n, 3) for n in ("a", ".b", "__MACOSX")], "has 1 class folders"),
        (lambda p: [put(p / "a", 3), put(p / "b", 1)], r"in b \(1\): each class needs at least 2"),
        (lambda p: [put(p / "a", 3), broken(p / "b", 3)], r"in b \(0\)"),
        (
            lambda p: [put(p / "train" / n, 2) for n in "ab"] + [put(p / "val" / "c", 2)],
            "needs the same class folders",
        ),
        (
            lambda p: [put(p / "train" / n, 1) for n in "ab"] + [broken(p / "val" / "a", 2)],
            "No picture in .*val could be opened",
        ),
    ],
)
def test_unusable_folders_raise_a_clear_error(tmp_path: Path, make: object, message: str) -> None:
    root = tmp_path / "data"
    make(root)  # type: ignore[operator]
    with pytest.raises(TrainingError, match=message):
        load_class_folder(root, side=32)


def test_a_bad_table_of_names_is_refused(shapes: Path, tmp_path: Path) -> None:
    root = tmp_path / "shapes"
    shutil.copytree(shapes, root)
    (root / "classes.json").write_text("[1, 2")
    with pytest.raises(TrainingError, match="not a table of class names"):
        load_class_folder(root, side=32)


def test_squashing_averages_areas() -> None:
    pixels = np.zeros((4, 8, 3), np.uint8)
    pixels[:2, :4] = 200
    np.testing.assert_array_equal(squash(pixels, 2)[..., 0], [[200, 0], [0, 0]])


def test_a_spread_sample_keeps_the_shares_of_classes() -> None:
    labels = np.repeat([0, 1, 2], [50, 30, 20])
    part = PictureSet(np.zeros((100, 2, 2, 3), np.uint8), labels)
    assert np.bincount(part.spread_sample(10).labels).tolist() == [5, 3, 2]
    assert part.spread_sample(100) is part


def test_noisy_labels_have_the_requested_count_and_are_always_wrong() -> None:
    labels = np.arange(1000) % 10
    noisy = noisy_labels(labels, 0.3, 10, seed=4)
    assert (noisy != labels).sum() == 300
    assert set(((noisy - labels) % 10)[noisy != labels].tolist()) == set(range(1, 10))
    np.testing.assert_array_equal(noisy, noisy_labels(labels, 0.3, 10, seed=4))
    assert (noisy != noisy_labels(labels, 0.3, 10, seed=5)).any()
    np.testing.assert_array_equal(labels, np.arange(1000) % 10)
    np.testing.assert_array_equal(noisy_labels(labels, 0.0, 10, seed=4), labels)
    assert (noisy_labels(labels, 1.0, 10, seed=4) != labels).all()


def test_noise_changes_the_training_split_only(shapes: Path) -> None:
    clean, noisy = (load_class_folder(shapes, side=32, noise=share) for share in (0.0, 0.25))
    assert (noisy.training.labels != clean.training.labels).sum() == 12
    np.testing.assert_array_equal(noisy.training.pixels, clean.training.pixels)
    np.testing.assert_array_equal(noisy.validation.labels, clean.validation.labels)
    assert noisy.digest() != clean.digest()
    other = load_class_folder(shapes, side=32, noise=0.25, seed=1)
    assert (other.training.labels != noisy.training.labels).any()
