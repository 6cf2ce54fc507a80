"""Names for the arrays that modules exchange: the element type, and what it usually holds.

`plain` returns them as JSON has them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Pixels: TypeAlias = npt.NDArray[np.uint8]
"""uint8: a picture [H, W, 3] in sRGB, 0..255."""

FloatArray: TypeAlias = npt.NDArray[np.float32]
"""float32: maps [h, w], focus values, linear light."""

DoubleArray: TypeAlias = npt.NDArray[np.float64]
"""float64: sums and statistics that float32 would round."""

AnyFloatArray: TypeAlias = npt.NDArray[np.floating[Any]]
"""float of any width, where both float32 and float64 are taken."""

BoolArray: TypeAlias = npt.NDArray[np.bool_]
"""bool: masks and coalitions."""

IntArray: TypeAlias = npt.NDArray[np.int64]
"""int64: indices, ranks, region labels."""

AnyArray: TypeAlias = npt.NDArray[Any]
"""An array whose element type is checked when it is read."""


def plain(value: Any) -> Any:
    """Return numbers and arrays, also in lists, tuples and mappings, as JSON has them.

    Parameters
    ----------
    value
        Anything made of arrays, numbers, text and their collections. A number that is not finite,
        for which JSON has no word, becomes None.

    Examples
    --------
    >>> plain({"values": np.array([0.5, np.nan]), "count": np.int64(2), "size": (3, 4)})
    {'values': [0.5, None], 'count': 2, 'size': [3, 4]}
    """
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
