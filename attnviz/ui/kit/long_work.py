"""Long computations: started on request, with a progress bar, stopped by a click."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from attnviz.errors import AttnvizError
from attnviz.models.apart import network_held
from attnviz.progress import Progress
from attnviz.scheduling.fair_queue import Turn
from attnviz.scheduling.work import QueuePosition
from attnviz.ui.kit.pace import Pace
from attnviz.ui.kit.text import duration
from attnviz.ui.kit.turns import turn_of, waiting_text

T = TypeVar("T")
P = ParamSpec("P")
_KEPT = 24
_DONE = "long work done"
_BEGUN = "long work begun"
_WANTED = "long work wanted"


class _Stands(Enum):
    """Where `long_work` is called: on the page, or inside a function wrapped by `interruptible`."""

    PAGE = "page"
    FRAGMENT = "fragment"
    PART = "part"


_STANDS: ContextVar[_Stands] = ContextVar("where long work stands", default=_Stands.PAGE)


def interruptible(show: Callable[P, None]) -> Callable[P, None]:
    """Wrap a part of a page as `st.fragment` does, such that `long_work` in it can be stopped.

    Parameters
    ----------
    show : callable
        Draws the part.

    Returns
    -------
    callable
        Draws the part as a fragment, except while `long_work` is running.

    Notes
    -----
    Streamlit delays a click inside a fragment until the fragment's run ends, so no button in it
    could stop a computation. During the computation the part is therefore not a fragment: the full
    page is rerun before it, and again after it.
    """

    @wraps(show)
    def inside(*args: P.args, **kwargs: P.kwargs) -> None:
        with _standing(_Stands.FRAGMENT):
            show(*args, **kwargs)

    @wraps(show)
    def shown(*args: P.args, **kwargs: P.kwargs) -> None:
        if not st.session_state.get(_WANTED):
            st.fragment(inside)(*args, **kwargs)
            return
        try:
            # In a container, as fragments are, so that each element replaces its predecessor.
            with st.container(), _standing(_Stands.PART):
                show(*args, **kwargs)
        finally:  # an abandoned request must not keep the part from being a fragment
            st.session_state[_WANTED].clear()

    return shown


@contextmanager
def _standing(where: _Stands) -> Iterator[None]:
    token = _STANDS.set(where)
    try:
        yield
    finally:
        _STANDS.reset(token)


def long_work(
    name: str,
    key: tuple[str, ...],
    say: Callable[[], str],
    work: Callable[[Progress], T],
    *,
    button: str = "Look",
    unit: str = "passes",
    at_once: bool = False,
    pace: Pace | None = None,
) -> T | None:
    """Compute a result on request, once for each `key` in a session.

    Parameters
    ----------
    name : str
        Name of the kind of computation, unique on its page.
    key : tuple of str
        Determines the result.
    say : callable
        Returns a description of the cost in Markdown; called only before the computation starts.
    work : callable
        Computes the result and reports progress. A click on the page raises an exception in the
        progress function, which stops the computation.
    button : str
        Label of the button that starts it.
    unit : str
        Unit of the progress.
    at_once : bool
        Whether to start without a click, unless the computation was stopped before.
    pace : Pace, optional
        Gives the cost in seconds, and learns from how long it took.

    Returns
    -------
    T or None
        The result; None until the user starts the computation.

    Notes
    -----
    In a plain `st.fragment` it cannot be stopped: use `interruptible`.
    """
    whole = (name, *key)
    done: OrderedDict[tuple[str, ...], Any] = st.session_state.setdefault(_DONE, OrderedDict())
    if whole in done:
        done.move_to_end(whole)
        result: T = done[whole]
        return result
    begun: set[tuple[str, ...]] = st.session_state.setdefault(_BEGUN, set())
    # A slot for each element, so that its successor replaces it immediately.
    above, below = st.empty(), st.empty()
    wanted: set[tuple[str, ...]] = st.session_state.setdefault(_WANTED, set())
    if whole not in wanted and (whole in begun or not at_once):
        cost = f" It takes {pace.text()}." if pace else ""
        above.info(f"{say()}{cost}", icon=":material/hourglass_empty:")
        # A callback, so that the run that computes never draws this button.
        below.button(
            button, type="primary", key=f"begin {name}", on_click=wanted.add, args=(whole,)
        )
        return None
    if _STANDS.get() is _Stands.FRAGMENT:
        wanted.add(whole)
        st.rerun()
    wanted.discard(whole)
    begun.add(whole)
    bar = _LongWorkBar(name, above, below, unit)
    try:
        with turn_of(name, long=True, waiting=bar.wait) as turn:
            result = work(partial(bar.show, turn))
    except AttnvizError:  # nothing is left to stop
        above.empty()
        below.empty()
        raise
    # Kept before anything else: a click ends the run at the next thing that is drawn or waited for.
    begun.discard(whole)
    done[whole] = result
    while len(done) > _KEPT:
        done.popitem(last=False)
    if pace is not None:
        pace.learn(turn.seconds)
    above.empty()
    below.empty()
    if _STANDS.get() is _Stands.PART:
        st.rerun()
    return result


def is_done(name: str, key: tuple[str, ...]) -> bool:
    """Return whether `long_work` has this result already."""
    return (name, *key) in st.session_state.get(_DONE, ())


class _LongWorkBar:
    """A bar with the time left, and a stop button: any click raises in the next `show` or `wait`.

    `style.css` hides the start button, by both keys: the browser keeps it as long as it has the
    focus, and it would push the stop button away from the mouse.
    """

    def __init__(self, name: str, above: DeltaGenerator, below: DeltaGenerator, unit: str) -> None:
        self._bar, self._unit, self._share = above.progress(0.0, "Computing …"), unit, 0.0
        below.button(
            "Stop", key=f"stop {name}", help="Stops the computation; the network is left unchanged."
        )

    def show(self, turn: Turn, done: int, total: int | None) -> None:
        """Show how far the work has come, and let others pass who should."""
        expected = total or 0
        self._share = min(done / max(expected, 1), 1.0)
        spent = turn.seconds
        left = f", {duration(spent / self._share - spent)} left" if self._share > 0 else ""
        self._bar.progress(self._share, f"{done:,} of {expected:,} {self._unit}{left}")
        if not network_held():
            turn.pause(self.wait)

    def wait(self, position: QueuePosition) -> None:
        """Show that others are served first."""
        self._bar.progress(self._share, waiting_text(position))
