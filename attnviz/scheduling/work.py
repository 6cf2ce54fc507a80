"""What stands in the queue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class QueuedWork:
    """Something that somebody wants computed.

    Attributes
    ----------
    kind
        What it is; how long works of one kind take, and how much memory, is learned.
    visitor
        Who wants it: visitors take turns, however much each of them asks.
    long
        Whether it is done in slices, between which others may pass.
    seconds
        How long it is expected to take; None for what was learned of its kind.
    memory
        Bytes that it needs while it runs; None for what was learned of its kind.
    after
        Whether it is for what stands beside a picture that its visitor sees already; who sees none
        yet goes first.
    """

    kind: str
    visitor: str = ""
    long: bool = False
    seconds: float | None = None
    memory: int | None = None
    after: bool = False


@dataclass(frozen=True)
class QueuePosition:
    """Where somebody stands in the queue.

    Attributes
    ----------
    number
        1 for who is next.
    seconds
        Expected wait.
    """

    number: int
    seconds: float


Waiting = Callable[[QueuePosition], object]
"""Called every now and then while somebody waits; what it raises ends the wait."""


@dataclass(eq=False)
class Ticket:
    """A place in the queue, or a slot.

    Attributes
    ----------
    work
        What is wanted.
    start
        Virtual time at which the visitor's share allows it.
    expected
        Seconds.
    memory
        Bytes that are expected.
    number
        Order of arrival.
    since
        When it began to wait, or to run.
    runs
        Whether it has a slot.
    used
        Seconds that it has run.
    """

    work: QueuedWork
    start: float = 0.0
    expected: float = 1.0
    memory: float = 0.0
    number: int = 0
    since: float = 0.0
    runs: bool = False
    used: float = 0.0
