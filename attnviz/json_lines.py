"""Results as lines of JSON, for programs that read what commands print."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from attnviz.types import plain


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
    return json.dumps(plain(record), ensure_ascii=True, allow_nan=False)
