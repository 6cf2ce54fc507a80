"""The fields of a dataclass in a JSON object from outside."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from typing import Any

from attnviz.untrusted.values import checked_count, checked_number, checked_object

_LONGEST_TEXT = 100_000
_LARGEST = 2**53 - 1  # JavaScript counts no further
Check = Callable[[Any], Any]
"""Returns a value, converted; raises ValueError for one that cannot be used."""


def checked_fields(
    kind: type[Any], value: object, checks: Mapping[str, Check] | None = None
) -> dict[str, Any]:
    """Check a JSON object against the fields of a dataclass: names, types, and finite numbers.

    Parameters
    ----------
    kind
        A dataclass with fields of text, whole numbers, numbers and flags.
    value
        Anything. A number whose default is NaN may be NaN.
    checks
        What checks fields of other types, by name; may name fields that `kind` has not.

    Returns
    -------
    dict
        Arguments for `kind`.

    Raises
    ------
    ValueError
        A name is not known, a field without a default is missing, or a value cannot be used.

    Examples
    --------
    >>> from attnviz.render.focus import FocusMap
    >>> checked_fields(FocusMap, {"colour": 1})
    Traceback (most recent call last):
    ValueError: 'colour' is not known
    """
    given = checked_object(value)
    known = {field.name: field for field in fields(kind)}
    unknown = next((name for name in given if name not in known), None)
    if unknown is not None:
        raise ValueError(f"{unknown[:80]!r} is not known")
    for field in known.values():
        needed = field.default is MISSING and field.default_factory is MISSING
        if needed and field.name not in given:
            raise ValueError(f"{field.name!r} is missing")
    own = checks or {}
    return {
        name: own[name](one) if name in own else _checked(known[name], one)
        for name, one in given.items()
    }


def _checked(field: Field[Any], value: object) -> Any:
    what = repr(field.name)
    if field.type == "str":
        if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
            raise ValueError(f"{what} is no text, or too long")
        os.fsencode(
            value
        )  # it may be a path, whose odd bytes Python writes as halves of characters
        return value
    if field.type == "bool":
        if not isinstance(value, bool):
            raise ValueError(f"{what} is neither true nor false")
        return value
    if field.type == "int":
        return checked_count(value, -_LARGEST, _LARGEST, what)
    if field.type != "float":
        raise TypeError(f"nothing checks the field {what} of type {field.type}")
    missing = isinstance(field.default, float) and math.isnan(field.default)
    if missing and isinstance(value, float) and math.isnan(value):
        return value
    checked_number(value, what)
    return value  # whole as it was: what is written again is the same text
