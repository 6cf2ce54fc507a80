"""Work of many passes: begun on request, shown as it goes, stopped by a click."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from attnviz.progress import Progress
from attnviz.ui.kit.text import duration

T = TypeVar("T")
P = ParamSpec("P")
_KEPT = 24
_DONE = "long work done"
_BEGUN = "long work begun"
_WANTED = "long work wanted"


class _Stands(Enum):
    """Where `long_work` is called: on the page itself, or in a part made by `interruptible`."""

    PAGE = "page"
    FRAGMENT = "fragment"
    PART = "part"


_STANDS: ContextVar[_Stands] = ContextVar("where long work stands", default=_Stands.PAGE)


def interruptible(show: Callable[P, None]) -> Callable[P, None]:
    """`st.fragment`, for a part of a page in which there may be `long_work`.

    Streamlit lets a click inside a fragment wait for the end of the run, so that no button in it
    could stop what goes on. While something is worked at, the part is therefore no fragment: the
    whole page is run before the work, and again after it.
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
            # In a container, as fragments are: so each thing replaces what stood in its place.
            with st.container(), _standing(_Stands.PART):
                show(*args, **kwargs)
        finally:  # a question that is no longer asked must not keep the part from being a fragment
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
) -> T | None:
    """The result of `work`, done once for each `key` in a session; None until it is asked for.

    In a fragment nothing could stop it: make the part of the page with `interruptible` instead.

    Parameters
    ----------
    name
        Of the kind of work, alone on its page.
    key
        What decides the result.
    say
        What it costs, in Markdown; asked only while nothing has begun.
    work
        Does it, and tells its progress; a click on the page raises there, which stops it.
    button
        What begins it.
    unit
        What is counted.
    at_once
        Begin without a click, unless it was stopped before.
    """
    whole = (name, *key)
    done: OrderedDict[tuple[str, ...], Any] = st.session_state.setdefault(_DONE, OrderedDict())
    if whole in done:
        done.move_to_end(whole)
        result: T = done[whole]
        return result
    begun: set[tuple[str, ...]] = st.session_state.setdefault(_BEGUN, set())
    # One slot for each part, for what takes a part's place replaces it at once.
    above, below = st.empty(), st.empty()
    wanted: set[tuple[str, ...]] = st.session_state.setdefault(_WANTED, set())
    if whole not in wanted and (whole in begun or not at_once):
        above.info(say(), icon=":material/hourglass_empty:")
        # A callback, so that the run that works never draws this button.
        below.button(
            button, type="primary", key=f"begin {name}", on_click=wanted.add, args=(whole,)
        )
        return None
    if _STANDS.get() is _Stands.FRAGMENT:
        wanted.add(whole)
        st.rerun()
    wanted.discard(whole)
    begun.add(whole)
    result = work(_shown(name, above, below, unit))
    above.empty()
    below.empty()
    begun.discard(whole)
    done[whole] = result
    while len(done) > _KEPT:
        done.popitem(last=False)
    if _STANDS.get() is _Stands.PART:
        st.rerun()
    return result


def _shown(name: str, above: DeltaGenerator, below: DeltaGenerator, unit: str) -> Progress:
    """A bar with the time left, and a button that stops: any click raises in the next `show`.

    `style.css` hides the button that began it, by both keys: the browser keeps that one as long as
    it has the focus, and would move the other away under the mouse that is pressed.
    """
    bar = above.progress(0.0, "Computing …")
    below.button(
        "Stop", key=f"stop {name}", help="Stops the computation; the network is left unchanged."
    )
    begun = time.monotonic()

    def show(done: int, total: int | None) -> None:
        expected = total or 0
        share = min(done / max(expected, 1), 1.0)
        spent = time.monotonic() - begun
        left = f", {duration(spent / share - spent)} left" if share > 0 else ""
        bar.progress(share, f"{done:,} of {expected:,} {unit}{left}")

    return show
