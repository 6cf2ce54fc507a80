"""What goes between the app and a worker: facts as JSON, and bytes behind them.

::

    u32 length of the facts, little-endian | facts, JSON | part | part | ...

The facts' ``sizes`` are the lengths of the parts. Nothing in a message can name code: a worker that
a hostile file has taken over can answer with wrong pixels, and its answers do nothing worse.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, TypeAlias

import numpy as np

from attnviz.pictures.limits import MEGABYTE
from attnviz.types import AnyArray

Facts: TypeAlias = dict[str, Any]
_MOST_FACTS = MEGABYTE
_KINDS = "uifb"  # numbers, and nothing that stands for an object


class BrokenMessageError(Exception):
    """What came is no message, or too large for one: whoever sent it is not to be trusted."""


@dataclass(frozen=True, eq=False)
class Message:
    """Facts, and the bytes of files and arrays."""

    facts: Facts
    parts: tuple[bytes | memoryview, ...] = field(default=(), repr=False)


def write_message(file: IO[bytes], message: Message) -> None:
    """Write a message, and see to it that it arrives."""
    sizes = [len(part) for part in message.parts]
    facts = json.dumps(message.facts | {"sizes": sizes}).encode()
    file.write(struct.pack("<I", len(facts)) + facts)
    for part in message.parts:
        file.write(part)
    file.flush()


def read_message(file: IO[bytes], most: int) -> Message | None:
    """Read a message whose parts have at most so many bytes together.

    Returns
    -------
    Message or None
        None at the end of the file.

    Raises
    ------
    BrokenMessageError
        It is larger, cut off, or no message at all.
    """
    start = file.read(4)
    if not start:
        return None
    if len(start) < 4 or (length := struct.unpack("<I", start)[0]) > _MOST_FACTS:
        raise BrokenMessageError
    try:
        facts = json.loads(_whole(file, length))
        sizes = facts.pop("sizes")
        if not all(type(size) is int and size >= 0 for size in sizes) or sum(sizes) > most:
            raise BrokenMessageError
        return Message(facts, tuple(_whole(file, size) for size in sizes))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BrokenMessageError from error


def with_arrays(facts: Mapping[str, Any], arrays: Sequence[AnyArray]) -> Message:
    """Return a message of facts and arrays; `arrays_of` has them back."""
    table = [{"dtype": one.dtype.str, "shape": list(one.shape)} for one in arrays]
    parts = tuple(np.ascontiguousarray(one).reshape(-1).view(np.uint8).data for one in arrays)
    return Message({**facts, "arrays": table}, parts)


def arrays_of(message: Message) -> list[AnyArray]:
    """Return the arrays of a message, read-only; BrokenMessageError if they are none."""
    try:
        return [
            np.frombuffer(part, _dtype(entry["dtype"])).reshape(entry["shape"])
            for entry, part in zip(message.facts["arrays"], message.parts, strict=True)
        ]
    except (ValueError, TypeError, KeyError) as error:
        raise BrokenMessageError from error


def _dtype(text: str) -> np.dtype[Any]:
    dtype = np.dtype(text)
    if dtype.kind not in _KINDS:
        raise BrokenMessageError
    return dtype


def _whole(file: IO[bytes], size: int) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise BrokenMessageError
    return data
