"""A kind of file: how a real one is made, what may be wrong with it, and what reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest


@dataclass(frozen=True)
class FileKind:
    """A kind of file from outside.

    Attributes
    ----------
    name
        Of the kind.
    make
        Returns the content of a real file; may write into the folder that it is given.
    change
        Returns what is wrong with it.
    read
        Reads the content, in a folder of its own, and uses what it has read as a page would.
    """

    name: str
    make: Callable[[Path], bytes]
    change: Callable[[Random, bytes], bytes]
    read: Callable[[bytes, Path], object]


def kind_ids(kinds: list[FileKind]) -> list[object]:
    return [pytest.param(one, id=one.name) for one in kinds]


def named(folder: Path, name: str, source: bytes) -> Path:
    """Write a file, and return its path."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(source)
    return path
