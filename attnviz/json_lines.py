"""Results as lines of JSON, for programs that read what commands print."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def json_line(record: Mapping[str, Any]) -> str:
    """Write a record as one line of JSON.

    Parameters
    ----------
    record
        Names with text, numbers, lists and records of them.

    Returns
    -------
    str
        ASCII, as a file's name need not be valid text. A number that is not finite, for which JSON
        has no word, becomes null.

    Examples
    --------
    >>> json_line({"model": "ran-small", "top1": float("nan"), "kinds": ("spatial",)})
    '{"model": "ran-small", "top1": null, "kinds": ["spatial"]}'
    """
    return json.dumps(_finite(record), ensure_ascii=True, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(one) for one in value]
    return value
