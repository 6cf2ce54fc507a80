"""Work of many passes: begun on request, shown as it goes, stopped by a click."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st

from attnviz.methods.base import Progress
from attnviz.ui.words import duration

T = TypeVar("T")
_KEPT = 24
_DONE = "long work done"
_BEGUN = "long work begun"


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

    Args:
        name: of the kind of work, alone on its page.
        key: what decides the result.
        say: what it costs, in Markdown; asked only while nothing has begun.
        work: does it, and tells its progress; a click on the page raises there, which stops it.
        button: what begins it.
        unit: what is counted.
        at_once: begin without a click, unless it was stopped before.
    """
    whole = (name, *key)
    done: OrderedDict[tuple[str, ...], Any] = st.session_state.setdefault(_DONE, OrderedDict())
    if whole in done:
        done.move_to_end(whole)
        result: T = done[whole]
        return result
    begun: set[tuple[str, ...]] = st.session_state.setdefault(_BEGUN, set())
    place = st.empty()
    if not at_once or whole in begun:
        with place.container():
            st.info(say(), icon=":material/hourglass_empty:")
            if not st.button(button, type="primary", key=f"begin {name}"):
                return None
    begun.add(whole)
    with place.container():
        result = work(_shown(unit))
    place.empty()
    begun.discard(whole)
    done[whole] = result
    while len(done) > _KEPT:
        done.popitem(last=False)
    return result


def _shown(unit: str) -> Progress:
    """A bar with the time left, and a button that stops: any click raises in the next `show`."""
    bar = st.progress(0.0, "Looking …")
    st.button("Stop", help="The network is left as it was.")
    begun = time.monotonic()

    def show(done: int, total: int) -> None:
        share = min(done / max(total, 1), 1.0)
        spent = time.monotonic() - begun
        left = f", {duration(spent / share - spent)} left" if share > 0 else ""
        bar.progress(share, f"{done:,} of {total:,} {unit}{left}")

    return show
