"""Limits of a round, from which the person chooses one."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.vision.bubbleview.rounds import MOST_CLICKS


@dataclass(frozen=True)
class RoundLimit:
    """Clicks and seconds after which a round ends; without seconds it has no clock."""

    name: str
    clicks: int
    seconds: int | None = None

    @property
    def short(self) -> str:
        """Text of its button."""
        return str(self.clicks) if self.seconds is None else f"{self.seconds} s"


LIMITS = {
    limit.name: limit
    for limit in (
        *(RoundLimit(f"{count} clicks", count) for count in (8, 10, 12, 15)),
        RoundLimit("20 seconds", MOST_CLICKS, 20),
    )
}
DEFAULT_LIMIT = "10 clicks"
