"""ROAD: the score while the most, and the least relevant places are imputed from their neighbours.

The paper's measure is the mean over several shares of what is removed; the fill is
`attnviz.evidence.fills.base.Road`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from attnviz.evidence.faithfulness.insertion_deletion import (
    ROAD_SHARES,
    InsertionDeletion,
    insertion_deletion,
)
from attnviz.evidence.fills.base import Road
from attnviz.evidence.subject import Subject
from attnviz.progress import Progress
from attnviz.types import FloatArray, plain

_STEPS = len(ROAD_SHARES) + 1


@dataclass(frozen=True, eq=False, repr=False)
class RoadScore:
    """How a map does under ROAD.

    Attributes
    ----------
    curves : InsertionDeletion
        With the paper's imputation; their steps are the shares.
    """

    curves: InsertionDeletion

    @property
    def shares(self) -> tuple[float, ...]:
        """Shares of the picture that are removed: 0.1, 0.2 .. 0.9."""
        return ROAD_SHARES

    @property
    def most_first(self) -> FloatArray:
        """float32 [9]: probability with the most relevant share removed; low is good."""
        return self.curves.deletion.probability[1:-1]

    @property
    def least_first(self) -> FloatArray:
        """float32 [9]: probability with the least relevant share removed; high is good."""
        return np.asarray(self.curves.insertion.probability[1:-1][::-1])

    @property
    def morf(self) -> float:
        """Mean of `most_first`."""
        return self.curves.morf

    @property
    def lerf(self) -> float:
        """Mean of `least_first`."""
        return self.curves.lerf

    @property
    def score(self) -> float:
        """(LeRF - MoRF) / 2, in -0.5..0.5; about 0 for a map that knows nothing."""
        return self.curves.road

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers as JSON has them."""
        names = ("score", "morf", "lerf", "shares", "most_first", "least_first")
        return {name: plain(getattr(self, name)) for name in names}

    def __repr__(self) -> str:
        """Say the score, in a line."""
        return f"<RoadScore {self.score:+.3f}: LeRF {self.lerf:.3f}, MoRF {self.morf:.3f}>"


def road_score(
    subject: Subject,
    values: npt.ArrayLike,
    *,
    exact: bool = False,
    noise: float = Road.noise,
    progress: Progress | None = None,
) -> RoadScore:
    """Compute ROAD of a map.

    Parameters
    ----------
    subject : Subject
    values : float [rows, columns]
        The map over the whole input.
    exact : bool
        Solve the paper's linear system exactly; up to fifty times slower, and nearer to it than the
        noise lets be seen.
    noise : float
        Standard deviation of the noise on what is imputed; the paper's is 0.01.
    progress : Progress, optional
        Called with the number of the 20 pictures scored.

    Returns
    -------
    RoadScore

    Raises
    ------
    EvidenceError
        If the map is flat, or a score is not finite.

    References
    ----------
    Rong et al., "A consistent and efficient evaluation strategy for attribution methods" (ROAD),
    ICML 2022, arXiv 2202.00449.
    """
    fill = Road(noise=noise, exact=exact)
    return RoadScore(insertion_deletion(subject, values, fill, steps=_STEPS, progress=progress))
