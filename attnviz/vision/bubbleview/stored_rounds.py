"""Rounds that an observer chose to store: one small JSON file each, on this computer only.

The format is described in docs/rounds.md. Files are read as untrusted input.
"""

from __future__ import annotations

import datetime
import json
import math
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attnviz.errors import VisionError
from attnviz.pictures.names import base_name
from attnviz.untrusted.values import UNREADABLE, read_json
from attnviz.vision.bubbleview.bubbles import BLUR, RADIUS
from attnviz.vision.bubbleview.rounds import Round, Task, parse_round

FORMAT = "attnviz round 1"
MOST_BYTES = 64 * 1024
MOST_ROUNDS = 500
_KEY = re.compile(r"\d{8}-\d{6}-[0-9a-f]{8}")
_SHA = re.compile(r"[0-9a-f]{64}")
_SIDE = 1_000_000


@dataclass(frozen=True)
class PlayedPicture:
    """The picture of a round: its file name, its checksum, and its own (height, width)."""

    name: str
    sha256: str
    size: tuple[int, int]


@dataclass(frozen=True)
class StoredRound:
    """A round in its file.

    Attributes
    ----------
    key : str
        Of the file.
    saved : str
        Time in UTC, as ISO 8601.
    picture : PlayedPicture
    played : Round
    """

    key: str
    saved: str
    picture: PlayedPicture
    played: Round


def rounds_folder() -> Path:
    """Folder of the rounds: `$ATTNVIZ_ROUNDS`, else `.attnviz/rounds` in the user's home.

    Raises VisionError where neither is set and the user has no home, as in some containers.
    """
    if folder := os.environ.get("ATTNVIZ_ROUNDS"):
        return Path(folder)
    try:
        return Path.home() / ".attnviz" / "rounds"
    except RuntimeError as error:
        raise VisionError(
            "This user has no home folder for rounds. Set ATTNVIZ_ROUNDS to a folder for them."
        ) from error


def as_json(picture: PlayedPicture, played: Round, saved: str) -> bytes:
    """Serialise a round.

    x, y are in the picture's own pixels, ms is how long each bubble was open.

    Parameters
    ----------
    picture : PlayedPicture
    played : Round
    saved : str
        Time in UTC, as ISO 8601.

    Returns
    -------
    bytes
        JSON.
    """
    height, width = picture.size
    table = {
        "format": FORMAT,
        "saved": saved,
        "picture": {
            "name": picture.name,
            "sha256": picture.sha256,
            "height": height,
            "width": width,
        },
        "task": str(played.task),
        "blur": BLUR,
        "radius": RADIUS,
        "seen": played.seen,
        "answer": played.answer,
        **_observer_record(picture, played),
        "begin": round(played.clicks[0].ms) if played.clicks else 0,
    }
    return json.dumps(table, indent=1, ensure_ascii=False).encode()


def now() -> str:
    """The current second in UTC, as ISO 8601."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def save_round(picture: PlayedPicture, played: Round, folder: Path | None = None) -> StoredRound:
    """Write a round to a new file.

    Parameters
    ----------
    picture : PlayedPicture
    played : Round
    folder : Path, optional
        (default: `rounds_folder()`)

    Returns
    -------
    StoredRound

    Raises
    ------
    VisionError
        If it cannot be written.
    """
    folder = rounds_folder() if folder is None else folder
    saved = now()
    stamp = re.sub(r"[^0-9]", "", saved[:19])
    key = f"{stamp[:8]}-{stamp[8:]}-{secrets.token_hex(4)}"
    source = as_json(picture, played, saved)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f"{key}.part"
        draft.write_bytes(source)
        draft.replace(folder / f"{key}.json")
    except OSError as error:
        raise VisionError(
            f"The round cannot be stored in {folder} ({error.strerror}). Set ATTNVIZ_ROUNDS to a "
            "writable folder, or download the round instead."
        ) from error
    return _read(folder / f"{key}.json")


def list_rounds(folder: Path | None = None) -> tuple[tuple[StoredRound, ...], tuple[str, ...]]:
    """List the stored rounds, newest first, and the keys of files that cannot be read."""
    folder = rounds_folder() if folder is None else folder
    stored, broken = [], []
    for path in sorted(_files(folder), reverse=True)[:MOST_ROUNDS]:
        try:
            stored.append(_read(path))
        except VisionError:
            broken.append(path.stem)
    return tuple(stored), tuple(broken)


def delete_round(key: str, folder: Path | None = None) -> None:
    """Delete a round's file, if it exists.

    Raises
    ------
    VisionError
        If `key` is not the key of a round, or the file cannot be deleted.
    """
    folder = rounds_folder() if folder is None else folder
    if not _KEY.fullmatch(key):
        raise VisionError("There is no such round. Choose one from the list.")
    try:
        (folder / f"{key}.json").unlink(missing_ok=True)
    except OSError as error:
        raise VisionError(
            f"The round {key} cannot be deleted from {folder} ({error.strerror}). Delete it there."
        ) from error


def as_fixations(rounds: Sequence[StoredRound]) -> bytes:
    """Export rounds as a `fixations.json` (`metrics.fixations`); each counts as one observer.

    Of pictures with the same name and different content, only the first one's rounds are exported.
    """
    table: dict[str, list[dict[str, list[float]]]] = {}
    content: dict[str, str] = {}
    for stored in rounds:
        name = stored.picture.name
        if content.setdefault(name, stored.picture.sha256) != stored.picture.sha256:
            continue
        table.setdefault(name, []).append(_observer_record(stored.picture, stored.played))
    return json.dumps(table, indent=1, ensure_ascii=False).encode()


def _observer_record(picture: PlayedPicture, played: Round) -> dict[str, list[float]]:
    """The clicks as one observer's fixations: x, y in the picture's pixels, ms each was open."""
    height, width = picture.size
    return {
        # Rounded down, so that a click on the picture's last pixel stays inside.
        "x": [math.floor(100 * click.x * width) / 100 for click in played.clicks],
        "y": [math.floor(100 * click.y * height) / 100 for click in played.clicks],
        "ms": [round(ms) for ms in played.open_ms],
    }


def _files(folder: Path) -> list[Path]:
    try:
        return [
            path for path in folder.glob("*.json") if _KEY.fullmatch(path.stem) and path.is_file()
        ]
    except OSError:
        return []


def _read(path: Path) -> StoredRound:
    try:
        return _stored(path, read_json(path, MOST_BYTES))
    except (OSError, *UNREADABLE) as error:
        raise _broken(path) from error


def _stored(path: Path, table: Any) -> StoredRound:
    if not isinstance(table, Mapping) or table["format"] != FORMAT:
        raise _broken(path)
    picture_record = table["picture"]
    height, width = picture_record["height"], picture_record["width"]
    if not all(type(side) is int and 0 < side <= _SIDE for side in (height, width)):
        raise _broken(path)
    if not _SHA.fullmatch(picture_record["sha256"]) or not isinstance(picture_record["name"], str):
        raise _broken(path)
    picture = PlayedPicture(
        base_name(picture_record["name"]), picture_record["sha256"], (height, width)
    )
    start, clicks = table["begin"], []
    for y, x, ms in zip(table["y"], table["x"], table["ms"], strict=True):
        clicks.append([y / height, x / width, start])
        start += ms
    value = {"clicks": clicks, "ms": start, "answer": table["answer"]}
    played = parse_round(value, Task(table["task"]), seen=table["seen"] is True)
    saved = datetime.datetime.fromisoformat(table["saved"]).isoformat(timespec="seconds")
    return StoredRound(path.stem, saved, picture, played)


def _broken(path: Path) -> VisionError:
    return VisionError(f"{path} contains no valid round. Delete it.")
