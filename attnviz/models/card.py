"""Model cards: the JSON file beside trained weights that describes them."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard, TypeVar

from attnviz.errors import WeightsError
from attnviz.models.spec import CertaintyLimits, RecommendedMap
from attnviz.untrusted.values import (
    UNREADABLE,
    checked_list,
    checked_object,
    checked_text,
    parse_json,
    read_bounded,
    reason_of,
)

T = TypeVar("T")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOST_BYTES = 20_000_000
_MOST_CLASSES = 100_000
_LARGEST_SIDE = 8192  # px


@dataclass(frozen=True)
class ModelCard:
    """Description of the weights beside a card.

    Attributes
    ----------
    classes
        Name of each class.
    sha256
        Of the weights' file, 64 hexadecimal digits.
    input_side
        Side in pixels of the input at which the accuracy was measured.
    answers
        Recommended map for each question.
    parameters
        Number of parameters.
    top1
        Top-1 accuracy on held-out pictures, 0..1.
    data
        What the network was trained on.
    certainty
        Limits of a sure decision; None if they were not measured.
    """

    classes: tuple[str, ...]
    sha256: str
    input_side: int
    answers: Mapping[str, RecommendedMap] = field(default_factory=dict, hash=False)
    parameters: int | None = None
    top1: float | None = None
    data: str = ""
    certainty: CertaintyLimits | None = None


def read_card(path: Path) -> ModelCard:
    """Read and validate a card.

    Parameters
    ----------
    path
        The JSON file.

    Returns
    -------
    ModelCard

    Raises
    ------
    WeightsError
        The file cannot be read, or an entry is not valid; the message names both.
    """
    return _read(path, _card)


def read_limits(path: Path) -> CertaintyLimits | None:
    """Read the limits of a sure decision alone, for weights that come with a card of their own.

    Parameters
    ----------
    path
        A JSON file with an entry `certainty`, as a card's.

    Returns
    -------
    CertaintyLimits or None
        None if there is no such file.

    Raises
    ------
    WeightsError
        The file cannot be read, or the entry is not valid.
    """
    return (
        _read(path, lambda entries: _certainty(entries.get("certainty")))
        if path.is_file()
        else None
    )


def _read(path: Path, parse: Callable[[dict[str, Any]], T]) -> T:
    try:
        source = parse_json(read_bounded(path, _MOST_BYTES), nan=True)
    except (OSError, *UNREADABLE) as error:
        raise WeightsError(
            f"The card {path} cannot be read ({reason_of(error)}). Restore the file."
        ) from error
    try:
        return parse(checked_object(source))
    except UNREADABLE as error:
        raise WeightsError(
            f"The card {path} is not valid: {reason_of(error)}. Correct the entry."
        ) from error


def _card(entries: dict[str, Any]) -> ModelCard:
    classes = entries.get("classes")
    if not isinstance(classes, list) or not classes or not all(map(_is_name, classes)):
        raise TypeError('"classes" must be a list of names')
    names = [checked_text(one) or "?" for one in checked_list(classes, _MOST_CLASSES, '"classes"')]
    sha256 = entries.get("sha256")
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise ValueError('"sha256" must hold 64 hexadecimal digits')
    side, parameters = entries.get("input_side"), entries.get("parameters")
    if not _is_count(side) or side > _LARGEST_SIDE:
        raise ValueError('"input_side" must be a whole number of pixels')
    if parameters is not None and not _is_count(parameters):
        raise ValueError('"parameters" must be a whole number')
    return ModelCard(
        tuple(names),
        sha256,
        side,
        _answers(entries.get("answers", {})),
        parameters,
        _fraction(entries.get("top1")),
        checked_text(str(entries.get("data", ""))),
        _certainty(entries.get("certainty")),
    )


def _answers(entries: Any) -> dict[str, RecommendedMap]:
    if not isinstance(entries, dict):
        raise TypeError('"answers" must be an object')
    answers = {}
    for question, answer in entries.items():
        fields = answer if isinstance(answer, dict) else {}
        method, layer = fields.get("method"), fields.get("layer")
        if not _is_name(method) or not _is_name(layer):
            raise TypeError(f'the answer to "{question}" must name a "method" and a "layer"')
        score = fields.get("score")
        if score is not None and not _is_number(score):
            raise TypeError(f'the "score" of the answer to "{question}" must be a number')
        answers[question] = RecommendedMap(method, layer, score)
    return answers


def _certainty(entry: Any) -> CertaintyLimits | None:
    if entry is None:
        return None
    fields = entry if isinstance(entry, dict) else {}
    margin, energy = fields.get("margin"), fields.get("energy")
    if not _is_number(margin) or not (energy is None or _is_number(energy)):
        raise TypeError('"certainty" must hold a number "margin", and may hold one "energy"')
    return CertaintyLimits(margin, math.inf if energy is None else energy)


def _fraction(value: Any) -> float | None:
    if value is None:
        return None
    if not _is_number(value) or not 0 <= value <= 1:
        raise ValueError('"top1" must be a number in 0..1')
    return float(value)


def _is_count(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_number(value: Any) -> TypeGuard[float]:
    """Whether it is a finite number; JSON integers may be too large for a float."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return abs(value) <= sys.float_info.max


def _is_name(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value)
