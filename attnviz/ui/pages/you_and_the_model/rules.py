"""When a round ends, as the person chooses it."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.vision.bubbleview.rounds import MOST_CLICKS


@dataclass(frozen=True)
class RoundLimit:
    """A round ends after so many clicks, or seconds (None: it has no clock)."""

    name: str
    clicks: int
    seconds: int | None = None

    @property
    def short(self) -> str:
        """Its name where all of them stand in one row."""
        return str(self.clicks) if self.seconds is None else f"{self.seconds} s"


LIMITS = {
    one.name: one
    for one in (
        *(RoundLimit(f"{count} clicks", count) for count in (8, 10, 12, 15)),
        RoundLimit("20 seconds", MOST_CLICKS, 20),
    )
}
DEFAULT_LIMIT = "10 clicks"
