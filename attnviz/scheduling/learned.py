"""What works of a kind took so far, which is what the next is expected to take."""

from __future__ import annotations

_MOST_KINDS = 500
_KEPT = 0.7  # share of what was known before


class LearnedCosts:
    """A sliding mean for each kind of work, such as of its seconds or bytes.

    Examples
    --------
    >>> seconds = LearnedCosts()
    >>> seconds.learn("look", 2.0)
    >>> seconds.learn("look", 4.0)
    >>> round(seconds.of("look", 1.0), 3), seconds.of("unknown", 1.0)
    (2.6, 1.0)
    """

    def __init__(self) -> None:
        self._means: dict[str, float] = {}

    def of(self, kind: str, unknown: float) -> float:
        """Return what is expected of a kind; `unknown` where none of it was seen."""
        return self._means.get(kind, unknown)

    def learn(self, kind: str, cost: float) -> None:
        """Take a work into account; the kinds that were seen last are kept."""
        before = self._means.pop(kind, cost)
        self._means[kind] = _KEPT * before + (1 - _KEPT) * cost
        if len(self._means) > _MOST_KINDS:
            del self._means[next(iter(self._means))]
