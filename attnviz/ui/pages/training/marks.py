"""What happened in the runs, numbered once over all of them, for the charts and the list below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from attnviz.training.recording.growth import Event
from attnviz.ui.pages.training.runs import Run


@dataclass(frozen=True)
class Mark:
    """A moment at which something happened.

    number: its own among those of all runs. run: which of the runs it belongs to, from 0.
    checkpoint: what it is called. text: all that happened then.
    """

    number: int
    run: int
    title: str
    epoch: float
    checkpoint: str
    text: str


def numbered(runs: Sequence[Run], events: Sequence[Sequence[Event]]) -> tuple[Mark, ...]:
    """The moments of each run, those of the second numbered on from those of the first."""
    found: list[Mark] = []
    for place, (run, happened) in enumerate(zip(runs, events, strict=True)):
        for at, text in _moments(happened).items():
            epoch, name = run.recording.snapshots[at].epoch, run.checkpoints[at]
            found.append(Mark(len(found) + 1, place, run.title, epoch, name, text))
    return tuple(found)


def _moments(events: Sequence[Event]) -> dict[int, str]:
    """What happened at each checkpoint where something did, in one text each."""
    found: dict[int, str] = {}
    for one in events:
        found[one.checkpoint] = f"{found.get(one.checkpoint, '')} {one.text}".strip()
    return found
