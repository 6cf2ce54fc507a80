"""Pictures that are sharp where a map is highest, and out of focus everywhere else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from attnviz.errors import EvidenceError
from attnviz.evidence.faithfulness.ranks import descending_ranks
from attnviz.render.bokeh import bokeh
from attnviz.types import FloatArray, Pixels

SHARES = (
    *(0, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.16, 0.20),
    *(0.25, 0.30, 0.35, 0.40, 0.50, 0.60, 0.70, 0.85, 1),
)
# Of the diagonal: from what nobody sees to what leaves nothing but large patches of colour.
_LEAST, _MOST, _COUNT = 0.005, 0.12, 10
_MOST_SHARES = 255


def blur_radii_for(size: tuple[int, int]) -> tuple[float, ...]:
    """Radii of blur for a picture of (height, width), in px: 0.5 to 12 % of its diagonal."""
    shares = np.geomspace(_LEAST, _MOST, _COUNT)
    return tuple(float(share) * float(np.hypot(*size)) for share in shares)


def defocus(pixels: Pixels, radius: float) -> Pixels:
    """All of a picture, uint8 [h, w, 3], blurred by one disc in linear light, as bokeh is."""
    return bokeh(pixels, np.zeros(pixels.shape[:2], np.float32), radius)


def first_sharp_share(order: FloatArray, shares: Sequence[float]) -> Pixels:
    """For each place of a map [h, w] the index of the first share that has it among the highest.

    A share s holds round(s * h * w) places; of equal ones the earlier comes first, row by row.
    Where no share holds a place, it gets the number of shares.

    Raises EvidenceError unless the shares rise from 0 to 1, and are 255 at most.
    """
    rising = np.asarray(shares, dtype=np.float64)
    if not (1 < len(rising) <= _MOST_SHARES and rising[0] == 0 and rising[-1] == 1):
        raise EvidenceError("Shares of a picture run from 0 to 1, in 2 to 255 steps.")
    if not (np.diff(rising) > 0).all():
        raise EvidenceError("Shares of a picture must rise from step to step.")
    counts = np.rint(rising * order.size).astype(np.int64)
    return np.searchsorted(counts, descending_ranks(order), side="right").astype(np.uint8)


def compose_sharp(pixels: Pixels, blurred: Pixels, steps: Pixels, index: int) -> Pixels:
    """`pixels` where `steps` (`first_sharp_share`) is at most `index`, else `blurred`."""
    return np.where((steps <= index)[..., None], pixels, blurred)
