"""Names for the arrays that go from room to room: what they hold, not how they are used."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Pixels: TypeAlias = npt.NDArray[np.uint8]
"""A picture, uint8 [H, W, 3], sRGB."""

FloatArray: TypeAlias = npt.NDArray[np.float32]
"""float32 of any shape: maps, focus, linear light."""

DoubleArray: TypeAlias = npt.NDArray[np.float64]
"""float64 of any shape: sums and statistics that float32 would round."""
