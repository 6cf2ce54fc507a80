"""How work that takes long reports how far it has come."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """A callback that long work calls after each step.

    What it raises stops the work and propagates to the caller.
    """

    def __call__(self, done: int, total: int | None, /) -> object:
        """Report that `done` of `total` steps are done.

        Parameters
        ----------
        done
            Steps done so far, from 0: inputs that have passed the network, bytes, pictures.
        total
            Steps expected in all; None where that is not known, as in some downloads.
        """
        ...
