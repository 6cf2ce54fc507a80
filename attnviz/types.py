"""Names for the arrays that modules exchange: the element type, and what it usually holds."""

from __future__ import annotations

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
