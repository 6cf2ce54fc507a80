"""A queue for heavy work: few at a time, pictures first, long work last, and visitors take turns.

Start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996): each work gets a start tag, the time
at which its visitor's share of the computer would allow it, and the smallest tag is next. Who asks
much waits behind who asks little. What took longer than expected puts its visitor back by a few
seconds at most, since often nobody else wanted the computer meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition

from attnviz.scheduling.learned import LearnedCosts
from attnviz.scheduling.memory_meter import MemoryMeter
from attnviz.scheduling.work import QueuedWork, QueuePosition, Ticket, Waiting

POLL = 0.5  # seconds between two calls of `waiting`
SLICE = 2.0  # seconds of long work after which others than pictures may pass
_PATIENCE = 8.0  # seconds after which long work no longer stands behind all short work
_PATIENCE_AFTER = 20.0  # seconds after which who sees a picture stands behind nobody who does not
_UNKNOWN = 1.0  # seconds that work of a kind never seen is expected to take
_MOST_OWED = 10.0  # seconds for which works that took longer than expected put a visitor back
_MOST_VISITORS = 2000


class FairQueue:
    """Slots for heavy work, and who waits for them.

    Parameters
    ----------
    slots
        How many works run at a time.
    free
        Returns the bytes that are free, which works that run together must not need; a single one
        may need more. None where that is not known.
    clock
        Returns seconds that never go back.
    meter
        Measures what works need.
    """

    def __init__(
        self,
        slots: int,
        free: Callable[[], int | None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
        meter: MemoryMeter | None = None,
    ) -> None:
        self.slots, self._free, self._clock = slots, free, clock
        self._meter = meter or MemoryMeter(lambda: None)
        self._changed = Condition()
        self._waiting: list[Ticket] = []
        self._running: list[Ticket] = []
        self._arrived = 0
        self._virtual = 0.0
        self._finish: dict[str, float] = {}
        self._seconds, self._bytes = LearnedCosts(), LearnedCosts()

    @contextmanager
    def turn(self, work: QueuedWork, waiting: Waiting | None = None) -> Iterator[Turn]:
        """Wait for a slot and hold it during the block, also if that raises.

        Parameters
        ----------
        work
            What is to be done.
        waiting
            Called while there is none; what it raises leaves the queue.

        Yields
        ------
        Turn
            Lets others pass.
        """
        turn = Turn(self, Ticket(work), waiting)
        self.enter(turn.ticket, waiting)
        try:
            yield turn
        finally:
            self.leave(turn.ticket)
            if not work.long:
                with self._changed:
                    self._seconds.learn(work.kind, turn.ticket.used)

    def enter(
        self, ticket: Ticket, waiting: Waiting | None = None, *, keeps_place: bool = False
    ) -> None:
        """Wait for a slot; see `turn`.

        Parameters
        ----------
        ticket
            Of the work.
        waiting
            Called meanwhile.
        keeps_place
            Whether it was there before those who came while it had given its slot away.
        """
        try:
            with self._changed:
                self._line_up(ticket, keeps_place=keeps_place)
                self._serve()
            while not self._has_slot(ticket):
                if waiting is not None:
                    waiting(self.position(ticket))
        except BaseException:
            self.leave(ticket)
            raise

    def leave(self, ticket: Ticket) -> bool:
        """Give the slot back, or the place in the queue; whether it had a slot."""
        with self._changed:
            ran = ticket.runs
            if ticket in self._waiting:
                self._waiting.remove(ticket)
                self._charge(ticket, -ticket.expected)
            elif ticket in self._running:
                self._running.remove(ticket)
                taken = self._meter.end(ticket)
                if taken is not None:
                    self._bytes.learn(ticket.work.kind, taken)
                spent = self._clock() - ticket.since
                ticket.used += spent
                self._charge(ticket, spent - ticket.expected)
            ticket.runs = False
            self._serve()
            return ran

    def position(self, ticket: Ticket) -> QueuePosition:
        """Return where a ticket stands that waits."""
        with self._changed:
            before = sorted(self._waiting, key=self._order)
            before = before[: before.index(ticket)] if ticket in before else []
            left = sum(self._left(one) for one in self._running)
            seconds = (left + sum(_step(one) for one in before)) / self.slots
            return QueuePosition(len(before) + 1, seconds)

    def others_first(self, ticket: Ticket) -> bool:
        """Return whether somebody waits who should pass before a work that runs goes on."""
        with self._changed:
            spent = self._clock() - ticket.since
            over = spent >= SLICE
            return any(_passes(one.work, ticket.work, over=over) for one in self._waiting)

    def seconds_of(self, ticket: Ticket) -> float:
        """Return how long a ticket's work has run, without its waits."""
        with self._changed:
            return ticket.used + (self._clock() - ticket.since if ticket.runs else 0.0)

    def _line_up(self, ticket: Ticket, *, keeps_place: bool) -> None:
        work = ticket.work
        unknown = SLICE if work.long else _UNKNOWN
        known = self._seconds.of(work.kind, unknown) if work.seconds is None else work.seconds
        # After a pause the next slice of long work takes as long as the one before.
        ticket.expected = min(known, SLICE) if work.long else max(known - ticket.used, 0.0)
        ticket.memory = self._bytes.of(work.kind, 0.0) if work.memory is None else work.memory
        had = self._finish.get(work.visitor, 0.0)
        if not keeps_place:
            ticket.start = max(self._virtual, had)
            self._arrived += 1
            ticket.number = self._arrived
        self._finish[work.visitor] = max(ticket.start, had) + ticket.expected
        ticket.since = self._clock()
        self._waiting.append(ticket)

    def _order(self, ticket: Ticket) -> tuple[int, float, int]:
        waited = self._clock() - ticket.since
        if ticket.work.long:
            behind = 2 * (waited <= _PATIENCE)
        else:
            behind = int(ticket.work.after and waited <= _PATIENCE_AFTER)
        return behind, ticket.start, ticket.number

    def _serve(self) -> None:
        """Give free slots to who is next; the caller holds the condition."""
        while self._waiting and len(self._running) < self.slots:
            ticket = min(self._waiting, key=self._order)
            if self._running and not self._fits(ticket):
                break  # in order: who needs much is not passed for ever by who needs little
            self._waiting.remove(ticket)
            self._running.append(ticket)
            self._virtual = max(self._virtual, ticket.start)
            ticket.since, ticket.runs = self._clock(), True
            self._meter.begin(ticket)
        self._changed.notify_all()

    def _fits(self, ticket: Ticket) -> bool:
        """Whether memory is free for one more; what those that run have taken already counts twice.

        So where memory is short rather too few run together than too many.
        """
        free = self._free()
        return free is None or sum(one.memory for one in (*self._running, ticket)) <= free

    def _has_slot(self, ticket: Ticket) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: ticket.runs, POLL)

    def _left(self, ticket: Ticket) -> float:
        return max(_step(ticket) - (self._clock() - ticket.since), 0.0)

    def _charge(self, ticket: Ticket, seconds: float) -> None:
        """Correct what a visitor has had, and forget those who owe nothing."""
        visitor = ticket.work.visitor
        if visitor in self._finish:
            had = self._finish[visitor]
            most = max(had, self._virtual + _MOST_OWED)
            self._finish[visitor] = min(had + seconds, most)
        if len(self._finish) > _MOST_VISITORS:
            here = {one.work.visitor for one in (*self._waiting, *self._running)}
            self._finish = {
                name: until
                for name, until in self._finish.items()
                if until > self._virtual or name in here
            }


def _passes(work: QueuedWork, runs: QueuedWork, *, over: bool) -> bool:
    """Whether a work that waits passes long work that runs, and whose slice is over or is not.

    Pictures pass at once. What is for who sees a picture already, such as one frame of a webcam
    after another, waits for the end of the slice, or there would be none.
    """
    if work.long:
        return over and work.visitor != runs.visitor
    return over or not work.after


def _step(ticket: Ticket) -> float:
    """Seconds until it lets others pass."""
    return min(ticket.expected, SLICE) if ticket.work.long else ticket.expected


class Turn:
    """A slot that is held.

    Attributes
    ----------
    ticket
        The slot's.
    """

    def __init__(self, queue: FairQueue, ticket: Ticket, waiting: Waiting | None) -> None:
        self._queue, self.ticket, self._waiting = queue, ticket, waiting

    @property
    def seconds(self) -> float:
        """How long the work has run, without its waits."""
        return self._queue.seconds_of(self.ticket)

    def pause(self, waiting: Waiting | None = None) -> None:
        """Let those pass who should, between two slices of long work; mostly nobody waits.

        Parameters
        ----------
        waiting
            Called while others are served, in the place of the one that the turn began with.
        """
        if self._queue.others_first(self.ticket) and self._queue.leave(self.ticket):
            self._queue.enter(self.ticket, waiting or self._waiting)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Give the slot away during the block, in which another's work is waited for.

        In a block inside of such a block it is given away already, and the outer one's end takes it
        again.

        Yields
        ------
        None
        """
        if not self._queue.leave(self.ticket):
            yield
            return
        try:
            yield
        except Exception:  # whoever catches it goes on; a click or a closed tab ends the work
            self._queue.enter(self.ticket, self._waiting, keeps_place=True)
            raise
        self._queue.enter(self.ticket, self._waiting, keeps_place=True)
