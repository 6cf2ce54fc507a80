"""Checks of the numbers that are given for a network's inputs."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from attnviz.errors import ModelError


def checked_pixels(name: str, value: Any, *, pairs: bool = True) -> int | tuple[int, int]:
    """Return a number of pixels, or two where they differ.

    Parameters
    ----------
    name
        What the number is called in the error.
    value
        A whole number, or (height, width).
    pairs
        Whether two numbers are allowed.

    Returns
    -------
    int or tuple of int

    Raises
    ------
    ModelError
        It is something else, or below 1.
    """
    given = list(value) if isinstance(value, (tuple, list)) else [value]
    try:
        sides = [operator.index(one) for one in given if not isinstance(one, bool)]
    except TypeError:
        sides = []
    if len(sides) != len(given) or len(sides) not in ((1, 2) if pairs else (1,)) or min(sides) < 1:
        unit = "" if name == "channels" else " pixels"
        wanted = f"1 or more{unit}" + (", or (height, width)" if pairs else "")
        raise ModelError(f"The preprocessing has the `{name}` {value!r}. Give {wanted}.")
    return sides[0] if len(set(sides)) == 1 else (sides[0], sides[1])


def checked_numbers(values: float | Sequence[float]) -> tuple[float, ...]:
    """Return one number, or any sequence of them, as a tuple; ModelError for anything else."""
    try:
        numbers = np.asarray(values, dtype=np.float64).reshape(-1).tolist()
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"The mean and deviation of a preprocessing are numbers, not {values!r}."
        ) from error
    return tuple(numbers)
