"""What a browser or a file may say of a round, and what is made of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from attnviz.errors import VisionError
from attnviz.metrics.fixations import read_fixations
from attnviz.vision.bubbleview.rounds import MOST_CLICKS, Round, Task, parse_round
from attnviz.vision.bubbleview.stored_rounds import (
    PlayedPicture,
    as_fixations,
    as_json,
    delete_round,
    list_rounds,
    save_round,
)

GOOD = {"clicks": [[0.5, 0.25, 400], [0.1, 0.9999, 1400.5]], "ms": 3000, "answer": "a cup"}
PICTURE = PlayedPicture("<b>cup.jpg", "0" * 64, (60, 80))


def played(**changes: Any) -> Round:
    return parse_round(GOOD | changes, Task.TELL)


def test_a_round_is_read_as_it_was_played() -> None:
    found = parse_round(GOOD, Task.LOOK, seen=True)
    assert found.centres == ((0.5, 0.25), (0.1, 0.9999))
    assert found.open_ms == (1000.5, 1599.5)
    assert (found.task, found.seen, found.answer, found.outside) == (Task.LOOK, True, "a cup", 0)
    assert played(clicks=[], ms=0).centres == ()


def test_clicks_outside_are_counted_and_left_out() -> None:
    outside = [[-0.01, 0.5, 1], [0.5, 1, 2], [0.5, 0.5, 3], [7, 7, 4]]
    found = played(clicks=outside)
    assert found.centres == ((0.5, 0.5),)
    assert found.outside == 3


@pytest.mark.parametrize(
    "forged",
    [
        None, 3, "clicks", [], {}, GOOD | {"clicks": None}, GOOD | {"clicks": "abc"},
        GOOD | {"clicks": [[0.5, 0.5]]}, GOOD | {"clicks": [{"y": 1}]},
        GOOD | {"clicks": [["0.5", 0.5, 1]]}, GOOD | {"clicks": [[True, 0.5, 1]]},
        GOOD | {"clicks": [[float("nan"), 0.5, 1]]}, GOOD | {"clicks": [[float("inf"), 0.5, 1]]},
        GOOD | {"clicks": [[10**400, 0.5, 1]]}, GOOD | {"clicks": [[0.5, 0.5, -1]]},
        GOOD | {"clicks": [[0.5, 0.5, 20], [0.5, 0.5, 10]]},
        GOOD | {"clicks": [[0.5, 0.5, 1]] * (MOST_CLICKS + 1)},
        GOOD | {"ms": 1000}, GOOD | {"ms": float("nan")}, GOOD | {"ms": 1e8}, GOOD | {"ms": None},
        GOOD | {"answer": 7}, GOOD | {"answer": ["x"]},
    ],
)  # fmt: skip
def test_forged_rounds_are_refused_in_words(forged: Any) -> None:
    with pytest.raises(VisionError, match=r"cannot be used: .*\. Play it again\."):
        parse_round(forged, Task.TELL)


def test_an_answer_is_bounded_and_has_no_hidden_characters() -> None:
    found = played(answer="\u202egpj\x00 " + "x" * 10**6)
    assert found.answer.startswith("gpj")
    assert len(found.answer) <= 80


def test_a_kept_round_comes_back(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "rounds"
    assert list_rounds(folder) == ((), ())
    stored = save_round(PICTURE, played(), folder)
    ((found,), broken) = list_rounds(folder)
    assert found == stored
    assert broken == ()
    assert (found.picture, found.played.task, found.played.answer) == (PICTURE, Task.TELL, "a cup")
    np.testing.assert_allclose(found.played.centres, played().centres, atol=2e-4)
    np.testing.assert_allclose(found.played.open_ms, played().open_ms, atol=1)
    table = json.loads((folder / f"{stored.key}.json").read_bytes())
    assert (table["x"][0], table["y"]) == (20, [30, 6])
    assert table["x"][1] < 80, "on the last pixel, and not beside the picture"
    assert [one.name for one in folder.iterdir()] == [f"{stored.key}.json"]
    delete_round(stored.key, folder)
    delete_round(stored.key, folder)
    assert list_rounds(folder) == ((), ())


@pytest.mark.parametrize("key", ["..", "../secret", "20250101-000000-../../ab", "a", ""])
def test_only_rounds_can_be_deleted(tmp_path: Path, key: str) -> None:
    (tmp_path / "secret.json").write_text("{}")
    with pytest.raises(VisionError, match="no such round"):
        delete_round(key, tmp_path)
    assert (tmp_path / "secret.json").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"format": "attnviz round 9"}, {"picture": []}, {"picture": {"name": "a"}},
        {"task": "hack"},
        {"x": [1]}, {"x": ["a", "b"]}, {"x": None}, {"y": [10**400, 1]}, {"ms": [-5, 1]},
        {"saved": "<b>"}, {"saved": 3}, {"answer": {}}, {"begin": None},
        {"x": [1] * 99, "y": [1] * 99, "ms": [1] * 99},
        {"picture": {"name": "a.jpg", "sha256": "x", "height": 60, "width": 80}},
        {"picture": {"name": "a.jpg", "sha256": "0" * 64, "height": 0, "width": 80}},
        {"picture": {"name": "a.jpg", "sha256": "0" * 64, "height": 60.5, "width": 80}},
    ],
)  # fmt: skip
def test_hostile_files_are_named_and_can_be_deleted(tmp_path: Path, change: dict[str, Any]) -> None:
    stored = save_round(PICTURE, played(), tmp_path)
    path = tmp_path / f"{stored.key}.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | change))
    assert list_rounds(tmp_path) == ((), (stored.key,))
    delete_round(stored.key, tmp_path)
    assert list_rounds(tmp_path) == ((), ())


@pytest.mark.parametrize("source", [b"", b"[]", b"[" * 100_000, b"\xff", b" " * 70_000])
def test_files_that_hold_no_json_are_named(tmp_path: Path, source: bytes) -> None:
    (tmp_path / "20250101-000000-0123abcd.json").write_bytes(source)
    (tmp_path / "other.json").write_bytes(b"not ours")
    assert list_rounds(tmp_path) == ((), ("20250101-000000-0123abcd",))


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(VisionError, match="Set ATTNVIZ_ROUNDS"):
        save_round(PICTURE, played(), tmp_path / "file")


def test_kept_rounds_are_read_as_fixations(tmp_path: Path) -> None:
    """Each round counts as one viewer; another picture of the same name is left out."""
    Image.fromarray(np.zeros((60, 80, 3), np.uint8)).save(tmp_path / "cup.png")
    mine = PlayedPicture("cup.png", "1" * 64, (60, 80))
    kept = [save_round(mine, played(), tmp_path / "rounds") for _ in range(2)]
    other = save_round(PlayedPicture("cup.png", "2" * 64, (5, 5)), played(), tmp_path / "rounds")
    (tmp_path / "fixations.json").write_bytes(as_fixations([*kept, other]))
    found = read_fixations(tmp_path)
    assert found.outside == 0
    (looked,) = found.pictures
    assert len(looked.observers) == 2
    np.testing.assert_allclose(looked.observers[0].x, [20, 79.99], atol=0.01)
    np.testing.assert_allclose(looked.observers[0].y, [30, 6])
    np.testing.assert_allclose(looked.observers[0].ms, [1000.5, 1599.5], atol=1)
    assert as_json(mine, played(), "2025-01-01T00:00:00+00:00").startswith(b"{")
