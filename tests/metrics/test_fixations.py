"""A folder of fixations: read as it stands, and refused with a sentence where it is not right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from attnviz.errors import VisionError
from attnviz.metrics import fixations
from attnviz.metrics.fixations import read_fixations

GOOD = {"x": [1.5, 19.9], "y": [0.0, 9.5], "ms": [200, 310]}


def folder_of(path: Path, table: Any, *pictures: str) -> Path:
    path.mkdir(exist_ok=True)
    for name in pictures or ("a.png",):
        (path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (20, 10)).save(path / name)
    text = table if isinstance(table, str) else json.dumps(table)
    (path / "fixations.json").write_text(text, encoding="utf-8")
    return path


def test_fixations_are_read_and_placed_on_a_grid(tmp_path: Path) -> None:
    table = {"b.png": [GOOD, {"x": [10], "y": [5]}], "a.png": [GOOD]}
    found = read_fixations(folder_of(tmp_path / "d", table, "a.png", "images/b.png"))
    assert [photo.name for photo in found.pictures] == ["a.png", "b.png"]
    assert found.notes == ()
    photo = found.pictures[1]
    assert photo.size == (10, 20)
    assert photo.observers[0].ms.tolist() == [200, 310]
    assert photo.observers[1].ms.tolist() == [0]
    rows, columns = photo.cells((10, 20))
    assert (rows.tolist(), columns.tolist()) == ([0, 9, 5], [1, 19, 10])
    rows, columns = photo.cells((5, 40), photo.observers[1])
    assert (rows.tolist(), columns.tolist()) == ([2], [20])


def test_what_cannot_be_used_is_left_out_and_counted(tmp_path: Path) -> None:
    table = {
        "a.png": [{"x": [5, 20, -0.1, 4], "y": [5, 5, 5, 10]}, {"x": [], "y": []}],
        "gone.png": [GOOD],
        "text.png": [GOOD],
        "unseen.png": [{"x": [99], "y": [99]}],
    }
    folder = folder_of(tmp_path / "d", table, "a.png", "unseen.png")
    (folder / "text.png").write_text("no picture")
    found = read_fixations(folder)
    assert [photo.name for photo in found.pictures] == ["a.png"]
    assert len(found.pictures[0].observers) == 1
    assert found.pictures[0].observers[0].x.tolist() == [5]
    assert found.outside == 4
    text = " ".join(found.notes)
    assert f"1 of the pictures have no file in {folder}, first gone.png." in text
    assert "cannot be opened, first text.png." in text
    assert "first unseen.png." in text
    assert "2 times an observer has no fixation" in text
    assert "4 fixations lie outside" in text


def test_a_limit_takes_evenly_spaced_pictures_and_progress_is_told(tmp_path: Path) -> None:
    names = [f"{n}.png" for n in range(6)]
    folder = folder_of(tmp_path / "d", {name: [GOOD] for name in names}, *names)
    told: list[tuple[int, int]] = []
    found = read_fixations(folder, limit=3, progress=lambda done, total: told.append((done, total)))
    assert [photo.name for photo in found.pictures] == ["0.png", "2.png", "4.png"]
    assert told == [(1, 3), (2, 3), (3, 3)]
    with pytest.raises(VisionError, match="1 or more"):
        read_fixations(folder, limit=0)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("{", "cannot be read as JSON"),
        pytest.param("[" * 100_000, "cannot be read as JSON", id="deep"),
        (b"\xff\xfe{".decode("latin-1"), "cannot be read as JSON"),
        ([], "from 1 to 20,000 pictures"),
        ({}, "from 1 to 20,000 pictures"),
        ({"a.png": {}}, "1 to 1,000 observers"),
        ({"a.png": []}, "1 to 1,000 observers"),
        ({"a.png": [[1, 2]]}, "no x and y"),
        ({"a.png": [{"x": [1]}]}, "no x and y"),
        ({"a.png": [{"x": [1], "y": [1, 2]}]}, "1 x, 2 y and 1 ms"),
        ({"a.png": [{"x": "1", "y": [1]}]}, "must be a list"),
        pytest.param({"a.png": [{"x": [0] * 10_001, "y": [1]}]}, "at most 10,000", id="long"),
        ({"a.png": [{"x": [None], "y": [1]}]}, "other than plain numbers"),
        ({"a.png": [{"x": [True], "y": [1]}]}, "other than plain numbers"),
        ({"a.png": [{"x": [[1]], "y": [1]}]}, "other than plain numbers"),
        pytest.param({"a.png": [{"x": [10**400], "y": [1]}]}, "plain numbers", id="large"),
        ('{"a.png": [{"x": [NaN], "y": [1]}]}', "other than plain numbers"),
        ('{"a.png": [{"x": [1e999], "y": [1]}]}', "other than plain numbers"),
        ({"a.png": [{"x": [1], "y": [1], "ms": [-1]}]}, "other than plain numbers"),
        ({"../a.png": [GOOD]}, "no plain file name"),
        ({"/etc/passwd": [GOOD]}, "no plain file name"),
        ({"..": [GOOD]}, "no plain file name"),
        ({"C:\\a.png": [GOOD]}, "no plain file name"),
        ({"x\\a.png": [GOOD]}, "no plain file name"),
        ({"a\0.png": [GOOD]}, "no plain file name"),
        ({"": [GOOD]}, "no plain file name"),
        ({"gone.png": [GOOD]}, "first gone.png"),
    ],
)
def test_hostile_files_end_in_one_sentence(tmp_path: Path, table: Any, says: str) -> None:
    with pytest.raises(VisionError, match=says) as caught:
        read_fixations(folder_of(tmp_path / "d", table))
    assert len(str(caught.value)) < 600


def test_a_file_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_of(tmp_path / "d", {"a.png": [GOOD]})
    monkeypatch.setattr(fixations, "MOST_BYTES", 20)
    with pytest.raises(VisionError, match=r"fixations\.json has more than 0 MB. Split it"):
        read_fixations(folder)


def test_a_path_that_no_system_takes_ends_in_one_sentence() -> None:
    with pytest.raises(VisionError, match=r"cannot be read|There is no file"):
        read_fixations("x" * 5000)


def test_a_missing_file_and_a_link_out_of_the_folder(tmp_path: Path) -> None:
    with pytest.raises(VisionError, match="There is no file"):
        read_fixations(tmp_path / "nowhere")
    folder = folder_of(tmp_path / "d", {"b.png": [GOOD]})
    Image.new("RGB", (20, 10)).save(tmp_path / "outside.png")
    (folder / "b.png").symlink_to(tmp_path / "outside.png")
    with pytest.raises(VisionError, match="link out of"):
        read_fixations(folder)


def test_names_are_shown_without_hidden_characters(tmp_path: Path) -> None:
    with pytest.raises(VisionError) as caught:
        read_fixations(folder_of(tmp_path / "d", {"e\u202egpj.exe": [GOOD]}))
    assert "\u202e" not in str(caught.value)


@pytest.mark.data
def test_osie_is_read_whole(data_folder: Path) -> None:
    found = read_fixations(data_folder / "osie", limit=20)
    assert len(found.pictures) == 20
    assert all(photo.size == (600, 800) and len(photo.observers) == 15 for photo in found.pictures)
    assert found.outside == 0
    durations = np.concatenate([one.ms for photo in found.pictures for one in photo.observers])
    assert 200 < durations.mean() < 400
