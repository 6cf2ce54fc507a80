"""Events of the runs, numbered over all runs, for the charts and the list below them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from attnviz.training.recording.growth import GrowthEvent
from attnviz.ui.pages.training.runs import RecordedRun


@dataclass(frozen=True)
class EventMark:
    """A checkpoint at which events occurred.

    Parameters
    ----------
    number : int
        Its number among the marks of all runs, from 1.
    run : int
        Index of its run.
    title : str
        Title of its run.
    epoch : float
        When it was.
    checkpoint : str
        Name of the checkpoint.
    text : str
        All events at this checkpoint.
    """

    number: int
    run: int
    title: str
    epoch: float
    checkpoint: str
    text: str


def number_events(
    runs: Sequence[RecordedRun], events: Sequence[Sequence[GrowthEvent]]
) -> tuple[EventMark, ...]:
    """Number the events of all runs.

    Parameters
    ----------
    runs : sequence of RecordedRun
        The runs.
    events : sequence of sequence of Event
        Events of each run.

    Returns
    -------
    tuple of EventMark
        Numbering continues from one run to the next.
    """
    marks: list[EventMark] = []
    for run_number, (run, events_of_run) in enumerate(zip(runs, events, strict=True)):
        for at, text in _text_by_checkpoint(events_of_run).items():
            epoch, name = run.recording.snapshots[at].epoch, run.checkpoints[at]
            marks.append(EventMark(len(marks) + 1, run_number, run.title, epoch, name, text))
    return tuple(marks)


def _text_by_checkpoint(events: Sequence[GrowthEvent]) -> dict[int, str]:
    """The texts of each checkpoint's events, joined."""
    texts: dict[int, str] = {}
    for event in events:
        texts[event.checkpoint] = f"{texts.get(event.checkpoint, '')} {event.text}".strip()
    return texts
