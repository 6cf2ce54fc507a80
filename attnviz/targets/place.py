"""A place in a picture, as shares of its width and height."""

from __future__ import annotations

import math

from attnviz.errors import TargetError
from attnviz.pictures.geometry import PictureGeometry

_DIGITS = 4  # of a share: finer than a pixel of any screen


def shares(text: str, count: int, form: str) -> tuple[float, ...]:
    """Return the numbers of a text.

    Parameters
    ----------
    text
        Numbers with commas between them.
    count
        How many there are to be.
    form
        How it is written, for the error.

    Returns
    -------
    tuple of float

    Raises
    ------
    TargetError
        It is written otherwise.
    """
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) != count:
        raise TargetError(f"This is written {form}, not {text!r:.60}.")
    return numbers


def checked_numbers(what: str, *given: float) -> tuple[float, ...]:
    """Return what was given as numbers; TargetError for anything else.

    Parameters
    ----------
    what
        What they are of, for the error.
    *given
        What should be numbers.
    """
    try:
        return tuple(float(one) for one in given)
    except (TypeError, ValueError) as error:
        told = ", ".join(f"{one!r:.40}" for one in given)
        raise TargetError(
            f"{what} is given by numbers in 0..1, the shares of the picture's width and height, "
            f"and not by {told}."
        ) from error


def written(*numbers: float) -> str:
    """Return numbers as short text: `.4,.625`, `0,1`."""
    texts = (f"{round(number, _DIGITS):.{_DIGITS}f}".rstrip("0").rstrip(".") for number in numbers)
    return ",".join(text[1:] if text.startswith("0.") else text for text in texts)


def checked_point(x: float, y: float) -> tuple[float, float]:
    """Return a point, rounded as it is written; TargetError if it is outside 0..1."""
    x, y = checked_numbers("A point", x, y)
    if not all(math.isfinite(share) and 0 <= share <= 1 for share in (x, y)):
        raise TargetError(
            f"The point ({x:g}, {y:g}) is outside the picture. Give x and y in 0..1, from the left "
            "and from the top."
        )
    return round(float(x), _DIGITS), round(float(y), _DIGITS)


def seen_point(x: float, y: float, geometry: PictureGeometry) -> tuple[float, float]:
    """Return a point of the picture as (y, x) of the input; TargetError if it is not seen."""
    point = geometry.input_point(x, y)
    if point is None:
        raise TargetError(
            f"The network does not see the point ({x:g}, {y:g}): its input leaves out the edges of "
            "the picture. Choose a point nearer to the middle."
        )
    return point


def in_words(x: float, y: float) -> str:
    """Return a point in words."""
    return f"{100 * x:.0f} % from the left and {100 * y:.0f} % from the top"
