"""Bytes, JSON, text and numbers from outside: bounded, and of the type that they should have.

Each function raises ValueError with a reason that can stand inside a sentence. Readers catch
`UNREADABLE`, because a value that is looked into may be of any type, and raise their own error,
with the name of the file and what to do.
"""

from __future__ import annotations

import json
import math
import os
import stat
from collections.abc import Callable
from pathlib import Path, PureWindowsPath
from typing import Any

from attnviz.pictures.names import visible

UNREADABLE = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RecursionError,
    MemoryError,
)
"""What looking into values of any type and size may raise."""

DEEPEST = 32
MOST_CHARACTERS = 200
_LONGEST_REASON = 200
_LONGEST_NAME = 250
_PLAIN: dict[type[BaseException], str] = {
    RecursionError: "it is nested too deeply",
    MemoryError: "it takes more memory than there is",
    EOFError: "it ends too early",
}


def reason_of(error: BaseException) -> str:
    """Return why something cannot be read, as a part of a sentence.

    Parameters
    ----------
    error
        Its text may contain what was read.

    Returns
    -------
    str
        One line of at most 200 visible characters, without a full stop.

    Examples
    --------
    >>> reason_of(KeyError("phase")), reason_of(MemoryError())
    ("'phase' is missing", 'it takes more memory than there is')
    """
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    plain = next((told for kind, told in _PLAIN.items() if isinstance(error, kind)), None)
    if plain is not None:
        return plain
    lines = str(error).strip().splitlines()
    if isinstance(error, UnicodeError):
        return "it holds what is no text"
    text = visible(lines[0] if lines else "", _LONGEST_REASON).rstrip(".")
    if not text:
        return "it is damaged"
    return f"{text} is missing" if isinstance(error, KeyError) else text


def read_bounded(path: Path, most: int) -> bytes:
    """Read a file of at most `most` bytes.

    Parameters
    ----------
    path
        A regular file; a pipe or a device would be waited for without end.
    most
        Bytes.

    Raises
    ------
    ValueError
        It is larger, or no regular file.
    OSError
        The system refuses.
    """
    # Opening a pipe waits until something writes into it; on Windows there are none among files.
    with open(path, "rb", opener=lambda at, flags: os.open(at, flags | _UNWAITING)) as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode):
            raise ValueError("it is no file")
        source = file.read(most + 1) if facts.st_size <= most else b" " * (most + 1)
    if len(source) > most:
        raise ValueError(f"it is larger than {_size(most)}")
    return source


_UNWAITING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def _size(count: int) -> str:
    return f"{count / 1e6:.0f} MB" if count >= 1_000_000 else f"{count / 1e3:.0f} kB"


def parse_json(source: bytes | str, *, nan: bool = False) -> Any:
    """Parse JSON of bounded depth.

    Parameters
    ----------
    source
        Its size is bounded by whoever read it.
    nan
        Whether NaN and Infinity, which JSON has not but Python writes, are numbers.

    Returns
    -------
    object
        At most 32 lists and objects deep. Text may hold halves of characters: see `checked_text`.

    Raises
    ------
    ValueError
        It is no JSON, or deeper.
    """
    try:
        value = json.loads(source, parse_constant=None if nan else _refuse)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, (list, dict))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (list, dict))
        ]
        if not level:
            return value
    raise ValueError("it is nested too deeply")


def _refuse(constant: str) -> None:
    raise ValueError(f"it holds {constant}")


def read_json(path: Path, most: int, *, nan: bool = False) -> dict[str, Any]:
    """Read a file of at most `most` bytes with a JSON object.

    Raises
    ------
    ValueError
        As `read_bounded` and `parse_json`, or it holds something else than an object.
    OSError
        The system refuses.
    """
    return checked_object(parse_json(read_bounded(path, most), nan=nan))


def checked_object(value: object) -> dict[str, Any]:
    """Return a JSON object; raises ValueError for anything else."""
    if not isinstance(value, dict):
        raise ValueError("it is no JSON object")
    return value


def checked_list(value: object, most: int, what: str = "a list") -> list[Any]:
    """Return a list of at most `most` entries; raises ValueError for anything else."""
    if not isinstance(value, list) or len(value) > most:
        raise ValueError(f"{what} has more than {most:,} entries, or is none")
    return value


def checked_text(value: object, what: str = "a text", most: int = MOST_CHARACTERS) -> str:
    """Return text that can be shown: without hidden characters, and cut to `most`.

    Parameters
    ----------
    value
        Anything.
    what
        What it should be, for the reason.
    most
        Number of characters.

    Raises
    ------
    ValueError
        It is no text.

    Examples
    --------
    >>> checked_text("caf\\u00e9 \\ud800\\u202egpj.exe")
    'café gpj.exe'
    """
    if not isinstance(value, str):
        raise ValueError(f"{what} is no text")
    return visible(value, most)


def is_plain_name(name: str) -> bool:
    """Whether a text can be the name of a file inside a folder, on any system.

    Examples
    --------
    >>> [is_plain_name(name) for name in ("a b.png", "../a.png", "..", "C:a.png", "a\0.png", "")]
    [True, False, False, False, False, False]
    """
    plain = Path(name).name == name and PureWindowsPath(name).name == name
    return plain and name not in ("", ".", "..") and visible(name, _LONGEST_NAME) == name


def checked_name(value: object) -> str:
    """Return the plain name of a file; raises ValueError for anything else."""
    if not isinstance(value, str) or not is_plain_name(value):
        raise ValueError("a file's name is none, or has a path")
    return value


def sendable(text: str) -> str:
    """Return text that can be encoded: JSON may hold halves of characters, which become "?"."""
    return text.encode("utf-8", "replace").decode("utf-8")


def checked_number(value: object, what: str = "a number") -> float:
    """Return a finite number; raises ValueError for anything else, also for True and False."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{what} is no number")
    try:
        number = float(value)
    except OverflowError:  # whole numbers of JSON have no largest one
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{what} is not finite")
    return number


def checked_count(value: object, least: int, most: int, what: str = "a number") -> int:
    """Return a whole number in `least`..`most`; raises ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{what} is no whole number from {least:,} to {most:,}")
    return value


def or_none(value: object, check: Callable[..., Any], *limits: Any) -> Any:
    """Return None for None, and what `check` returns for anything else."""
    return None if value is None else check(value, *limits)
