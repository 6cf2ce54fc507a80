"""Pictures that are sharp where a map is highest and defocused everywhere else."""

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
# Shares of the diagonal, from an invisible blur to one that leaves only large patches of colour.
_MIN_SHARE, _MAX_SHARE, _COUNT = 0.005, 0.12, 10
_MAX_SHARES = 255


def blur_radii_for(size: tuple[int, int]) -> tuple[float, ...]:
    """Ten blur radii in pixels, from 0.5 to 12 % of the diagonal of (height, width)."""
    shares = np.geomspace(_MIN_SHARE, _MAX_SHARE, _COUNT)
    return tuple(float(share) * float(np.hypot(*size)) for share in shares)


def defocus(pixels: Pixels, radius: float) -> Pixels:
    """Blur a whole picture, uint8 [h, w, 3], by one disc in linear light, as `bokeh` does."""
    return bokeh(pixels, np.zeros(pixels.shape[:2], np.float32), radius)


def first_sharp_share(values: FloatArray, shares: Sequence[float]) -> Pixels:
    """Find for each position the first share that includes it among the highest.

    A share s holds round(s * h * w) positions; of equal values the earlier comes first, row by row.

    Parameters
    ----------
    order : float [h, w]
        The map.
    shares : sequence of float
        From 0 to 1, rising, at most 255.

    Returns
    -------
    uint8 [h, w]
        Index into `shares`; their number where no share holds a position.

    Raises
    ------
    EvidenceError
        If the shares do not rise from 0 to 1 in at most 255 steps.
    """
    rising = np.asarray(shares, dtype=np.float64)
    if not (1 < len(rising) <= _MAX_SHARES and rising[0] == 0 and rising[-1] == 1):
        raise EvidenceError("Sharp shares must run from 0 to 1 in 2 to 255 steps.")
    if not (np.diff(rising) > 0).all():
        raise EvidenceError("Sharp shares must rise from step to step.")
    counts = np.rint(rising * values.size).astype(np.int64)
    return np.searchsorted(counts, descending_ranks(values), side="right").astype(np.uint8)


def compose_sharp(pixels: Pixels, blurred: Pixels, steps: Pixels, index: int) -> Pixels:
    """Take `pixels` where `steps` (`first_sharp_share`) is at most `index`, else `blurred`."""
    return np.where((steps <= index)[..., None], pixels, blurred)
