"""What a source says of a network's inputs, and what all readers of sources share."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from attnviz.errors import ModelError
from attnviz.pictures.geometry import Fit
from attnviz.pictures.interpolations import INTERPOLATIONS

Sides = tuple[int, int]
_PLACES_OF_FILTERS = ("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming")  # Pillow's


@dataclass(frozen=True)
class InputSettings:
    """What a source says of a network's inputs; None where it says nothing.

    Attributes
    ----------
    origin
        The source, as it is told to users.
    size
        (height, width) in pixels.
    fit
        How a picture becomes the input.
    resize
        (height, width) before the centre is taken.
    mean, std
        Per channel, for values in 0..1.
    interpolation
        One of `INTERPOLATIONS`.
    """

    origin: str
    size: Sides | None = None
    fit: Fit | None = None
    resize: Sides | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    interpolation: str | None = None

    def options(self) -> dict[str, Any]:
        """Return what is said as arguments of `Preprocess`."""
        said = {one.name: getattr(self, one.name) for one in fields(self)}
        if self.size is not None and self.fit is None:
            said["fit"] = Fit.SQUASH
        return {name: value for name, value in said.items() if value is not None}


def pair(value: Any) -> Sides | None:
    """(height, width) of one number or of two; None for None."""
    if value is None:
        return None
    numbers = [int(one) for one in (value if isinstance(value, (tuple, list)) else [value])]
    return numbers[0], numbers[-1]


def numbers(value: Any) -> tuple[float, ...] | None:
    """Floats of one number, or of a sequence or tensor of them; None for None."""
    if value is None:
        return None
    values = value.tolist() if hasattr(value, "tolist") else value
    return tuple(float(one) for one in (values if isinstance(values, (tuple, list)) else [values]))


def filter_name(value: Any) -> str | None:
    """The name of a filter that is given by name, by number, or as a library's own constant."""
    value = getattr(value, "value", value)
    if isinstance(value, int) and 0 <= value < len(_PLACES_OF_FILTERS):
        return _PLACES_OF_FILTERS[value]
    if value is None:
        return None
    name = {"nearest-exact": "nearest", "random": "bilinear"}.get(str(value), str(value))
    if name not in INTERPOLATIONS:
        raise ModelError(
            f"There is no interpolation {name!r}. Choose among {', '.join(INTERPOLATIONS)}."
        )
    return name
