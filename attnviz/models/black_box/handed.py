"""What is handed over as a black box: how it is called, and what it says of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from typing import Any

_NUMBERS = count(1)


class Takes(StrEnum):
    """What a black box is given for a batch of N pictures.

    Attributes
    ----------
    ARRAY
        NumPy's float32 [N, C, h, w], contiguous, normalised.
    TENSOR
        PyTorch's float32 [N, C, h, w], contiguous, normalised.
    PICTURES
        A list of N pictures, uint8 [h, w, 3] RGB, as they are.
    """

    ARRAY = "array"
    TENSOR = "tensor"
    PICTURES = "pictures"


@dataclass(frozen=True, eq=False)
class Handed:
    """Something that returns scores.

    Attributes
    ----------
    call
        From a batch, see `Takes`, to scores [N, classes].
    takes
        What it is given.
    name
        What to call it.
    digest
        SHA-256 of its weights or file in hexadecimal, or why there is none; unlike any other's.
    channels, size
        How many channels the input has, and its (height, width); None where it does not say so.
    batch
        How many pictures it takes at once; None if any number.
    any_size
        Whether it takes inputs of any size, and says so.
    device
        Where tensors have to be.
    """

    call: Callable[[Any], Any]
    takes: Takes
    name: str
    digest: str
    channels: int | None = None
    size: tuple[int, int] | None = None
    batch: int | None = None
    any_size: bool = False
    device: str = "cpu"


def unknown_digest() -> str:
    """Return what stands in place of a digest of what cannot be read, each time another text."""
    return f"unknown (callable {next(_NUMBERS)})"


def first_line(error: Exception) -> str:
    """Return the type and the first line of an error."""
    first = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
