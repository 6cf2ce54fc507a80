"""What happened in the runs, numbered once over all of them, for the charts and the list below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from attnviz.training.recording.growth import Event
from attnviz.ui.pages.training.runs import RecordedRun


@dataclass(frozen=True)
class EventMark:
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


def number_events(
    runs: Sequence[RecordedRun], events: Sequence[Sequence[Event]]
) -> tuple[EventMark, ...]:
    """The moments of each run, those of the second numbered on from those of the first."""
    found: list[EventMark] = []
    for place, (run, happened) in enumerate(zip(runs, events, strict=True)):
        for at, text in _text_by_checkpoint(happened).items():
            epoch, name = run.recording.snapshots[at].epoch, run.checkpoints[at]
            found.append(EventMark(len(found) + 1, place, run.title, epoch, name, text))
    return tuple(found)


def _text_by_checkpoint(events: Sequence[Event]) -> dict[int, str]:
    """What happened at each checkpoint where something did, in one text each."""
    found: dict[int, str] = {}
    for one in events:
        found[one.checkpoint] = f"{found.get(one.checkpoint, '')} {one.text}".strip()
    return found
