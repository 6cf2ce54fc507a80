"""Files, folders and patterns become pictures, each once."""

from __future__ import annotations

from pathlib import Path

import pytest

from attnviz.cli.inputs import input_pictures


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    for name in ("b.PNG", "a.jpg", "notes.txt", "day/a.jpg", ".hidden/x.jpg", "day/.x.jpg"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    (tmp_path / "empty").mkdir()
    return folder


def places(*words: Path, out: Path = Path("out")) -> list[str]:
    return [picture.place.as_posix() for picture in input_pictures(words, out)]


def test_a_folder_is_all_its_pictures_in_its_own_order(photos: Path) -> None:
    assert places(photos) == ["a.jpg", "b.PNG", "day/a.jpg"]
    listed = input_pictures([photos], Path("out"))
    assert [one.path for one in listed] == [photos / one.place for one in listed]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.jpg", ["a.jpg"]),
        ("*", ["a.jpg", "b.PNG"]),
        ("**/*.jpg", ["a.jpg", "a.jpg"]),
        ("[ab].*", ["a.jpg", "b.PNG"]),
        ("d?y", ["a.jpg"]),
        ("*.txt", ["notes.txt"]),
    ],
)
def test_patterns(photos: Path, pattern: str, expected: list[str]) -> None:
    assert places(photos / pattern) == expected


def test_a_picture_is_listed_once_and_results_are_no_pictures(photos: Path) -> None:
    assert places(photos / "a.jpg", photos, photos / "*.jpg") == ["a.jpg", "b.PNG", "day/a.jpg"]
    assert places(photos, out=photos / "day") == ["a.jpg", "b.PNG"]


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(photos: Path) -> None:
    (photos / "[ab].jpg").touch()
    assert places(photos / "[ab].jpg") == ["[ab].jpg"]


def test_what_leads_to_no_picture_is_a_problem_of_its_own(photos: Path) -> None:
    empty, nothing = photos.parent / "empty", photos / "*.gif"
    first, second, third, missing = input_pictures(
        [empty, nothing, photos / "a.jpg", Path("no")], Path("out")
    )
    assert str(first.problem) == f"There is no picture in the folder {empty}. Check the path."
    assert str(second.problem) == f"Nothing matches {nothing}. Check the pattern."
    assert third.problem is None
    assert missing.problem is None, "opening it says so"
