"""Moving pictures, apart from the format in which they are saved."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from attnviz.progress import Progress
from attnviz.types import Pixels

SIDE = 400
"""Longest side in pixels of the photo in a film."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Film(ABC):
    """Pictures that are shown one after another.

    Attributes
    ----------
    provenance : mapping of str to str
        Written into the files.
    rate : int
        Pictures per second.
    """

    provenance: Mapping[str, str] = field(default_factory=dict)
    rate: int = 4

    @abstractmethod
    def frames(self, progress: Progress | None = None) -> Sequence[Pixels]:
        """Draw all pictures.

        Parameters
        ----------
        progress : Progress, optional
            Called after each picture; what it raises stops the work.

        Returns
        -------
        sequence of uint8 [h, w, 3]
            At least one, all of the same size.
        """
