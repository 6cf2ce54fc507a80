"""Which class of a network an index or a label means."""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from typing import Any

from attnviz.errors import UnknownClassError

_UNNAMED = re.compile(r"class (\d{1,9})")


def index_of_class(target: Any, labels: Sequence[str], count: int | None = None) -> int:
    """Return the index of a class.

    Parameters
    ----------
    target
        Index, as any whole number (`int`, NumPy's, a tensor), or label of the class; "class 7"
        without labels, as such a class is shown.
    labels
        Name of each class, in order; may be empty.
    count
        How many classes there are; the number of labels if None, and unknown if there are none.

    Returns
    -------
    int
        From 0; below the number of classes where that is known.

    Raises
    ------
    UnknownClassError
        There is no such class; no index counts from the end. Nor do truth values and fractions name
        one: `True` and `1.0` are mistakes more often than class 1.

    Examples
    --------
    >>> index_of_class("dog", ["cat", "dog"])
    1
    >>> index_of_class("dig", ["cat", "dog"])
    Traceback (most recent call last):
    ...
    attnviz.errors.UnknownClassError: There is no class named 'dig'. Nearest: dog.
    """
    count = count or len(labels) or None
    if isinstance(target, str) and target in labels:
        return labels.index(target)
    unnamed = None if labels else _UNNAMED.fullmatch(str(target))
    try:
        index = int(unnamed[1]) if unnamed else operator.index(target)
    except TypeError:
        raise UnknownClassError(target, labels, count) from None
    if isinstance(target, bool) or "bool" in str(getattr(target, "dtype", "")):
        raise UnknownClassError(bool(target), labels, count)
    if index < 0 or (count is not None and index >= count):
        raise UnknownClassError(index, labels, count)
    return index
