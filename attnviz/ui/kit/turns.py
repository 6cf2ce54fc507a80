"""The queue for heavy work: slots for what pages compute, and what visitors read meanwhile."""

from __future__ import annotations

import html
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from contextvars import ContextVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx

from attnviz.models.memory import system_memory
from attnviz.scheduling.fair_queue import FairQueue, Turn
from attnviz.scheduling.memory_meter import MemoryMeter
from attnviz.scheduling.work import QueuedWork, QueuePosition, Waiting
from attnviz.ui.kit.garbage import COLLECTOR
from attnviz.ui.kit.text import duration
from attnviz.ui.kit.visitor import visitor

_TURN: ContextVar[Turn | None] = ContextVar("the slot that this thread holds", default=None)
_RUN: ContextVar[RunSlot | None] = ContextVar("the slot of the page's run", default=None)
_NOTICE: ContextVar[WaitNotice | None] = ContextVar("where waits are told", default=None)


class WaitNotice:
    """The place at the page's lower edge where a visitor reads that they wait."""

    def __init__(self, place: DeltaGenerator) -> None:
        self._place, self._said = place, False

    def tell(self, text: str) -> None:
        """Show a text."""
        self._said = True
        self._place.html(f'<p class="av-waiting" role="status">{html.escape(text)}</p>')

    def forget(self) -> None:
        """Take the text away."""
        if self._said:
            self._said = False
            self._place.empty()


class RunSlot:
    """The slot of a page's run: from its first heavy work on until the run ends.

    Who had to line up again for each step of a page would see it complete last of all.

    Attributes
    ----------
    turn : Turn or None
        The slot, while it is held.
    after : bool
        Whether the page shows its picture already.
    """

    def __init__(self) -> None:
        self._held = ExitStack()
        self.turn: Turn | None = None
        self.after = False

    def take(self, work: QueuedWork, waiting: Waiting) -> Turn:
        """Wait for the slot, and hold it until `give_back`."""
        self.turn = self._held.enter_context(QUEUE.turn(work, waiting))
        _TURN.set(self.turn)
        return self.turn

    def give_back(self) -> None:
        """Let others have the slot, if it is held."""
        if self.turn is not None:
            self.turn = None
            _TURN.set(None)
            self._held.close()


def _slots() -> int:
    """How many works run at a time: one pass already keeps several processors busy."""
    return max(min(2, os.cpu_count() or 1), (os.cpu_count() or 1) // 2)


QUEUE = FairQueue(_slots(), lambda: system_memory().free, meter=MemoryMeter())
"""The queue of this server."""


def offer_notice() -> None:
    """Make the place of the notice, once for each run of a page."""
    with st.container(key="av-queue"):
        _NOTICE.set(WaitNotice(st.empty()))


@contextmanager
def one_slot() -> Iterator[None]:
    """Let the run of a page in the block line up once for all that it computes."""
    run = RunSlot()
    token = _RUN.set(run)
    try:
        yield
    finally:
        _RUN.reset(token)
        run.give_back()


def pictures_first() -> None:
    """Let others' pictures pass from here on: the page has sent its own, and computes the rest."""
    run = _RUN.get()
    if run is not None:
        run.after = True
        run.give_back()


def waiting_text(position: QueuePosition) -> str:
    """Say where somebody stands: "Waiting: your place is 3, about 12 s"."""
    seconds = max(position.seconds, 1.0)
    return f"Waiting: your place is {position.number}, about {duration(seconds)}"


def owner() -> str:
    """Return the token of this session's visitor; nothing outside of a session."""
    return "" if get_script_run_ctx(suppress_warning=True) is None else visitor()


@contextmanager
def turn_of(
    kind: str,
    *,
    who: str | None = None,
    long: bool = False,
    after: bool = False,
    waiting: Waiting | None = None,
) -> Iterator[Turn]:
    """Wait for a slot in the queue, and hold it during the block; in `one_slot` until its end.

    Work inside of other work has that one's slot. A click of the visitor, or the end of the
    session, leaves the queue.

    Parameters
    ----------
    kind : str
        What is computed; how long works of one kind take, and how much memory, is learned.
    who : str, optional
        The visitor, where the block runs outside of a session.
    long : bool
        Whether the work lets others pass, by `Turn.pause`.
    after : bool
        Whether its visitor sees a picture already; so it is after `pictures_first`, too.
    waiting : callable, optional
        Tells where the visitor stands, in the place of the notice at the page's edge.

    Yields
    ------
    Turn
        The slot.
    """
    run = _RUN.get()
    if run is not None and long:
        run.give_back()
    outer = _TURN.get()
    if outer is not None:
        yield outer
        return
    after = after or (run is not None and run.after)
    work = QueuedWork(kind, owner() if who is None else who, long, after=after)
    if run is not None and not long:
        turn = run.take(work, waiting or _tell)
        forget_notice()
        yield turn
        return
    with QUEUE.turn(work, waiting or _tell) as turn:
        forget_notice()
        token = _TURN.set(turn)
        try:
            yield turn
        finally:
            _TURN.reset(token)
            COLLECTOR.ask()  # the run of a fragment ends without the app's knowledge


def current_turn() -> Turn | None:
    """Return the slot that this thread holds."""
    return _TURN.get()


@contextmanager
def stepping_aside() -> Iterator[None]:
    """Give away the slot that this thread holds, while a download or another process is awaited."""
    turn = _TURN.get()
    with nullcontext() if turn is None else turn.aside():
        yield


def _tell(position: QueuePosition) -> None:
    tell_wait(waiting_text(position))


def tell_wait(text: str) -> None:
    """Tell the visitor why they wait; raises if they have clicked, or left."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return
    _ = "clicked" in st.session_state  # raises, also where nothing can be drawn
    notice = _NOTICE.get()
    if notice is not None:
        notice.tell(text)


def forget_notice() -> None:
    """Take the notice away."""
    notice = _NOTICE.get()
    if notice is not None:
        notice.forget()
