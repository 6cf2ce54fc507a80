"""What pages keep for all sessions, and the queue in which they compute it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from attnviz.scheduling.work import QueuedWork, QueuePosition
from attnviz.ui.kit.shared import CacheShelf, _stores, shared
from attnviz.ui.kit.turns import (
    QUEUE,
    current_turn,
    one_slot,
    pictures_first,
    turn_of,
    waiting_text,
)

LONG = 120.0
_MADE: list[str] = []


@shared(CacheShelf.EXPLANATIONS)
def inner(name: str, _other: object = None) -> tuple[str]:
    _MADE.append(name)
    assert current_turn() is not None
    return (name,)


@shared(CacheShelf.PICTURES)
def outer(name: str) -> tuple[str]:
    return inner(f"{name} inside")


@shared(CacheShelf.PICTURES)
def fails(name: str) -> tuple[str]:
    raise KeyError(inner(name))


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    st.cache_resource.clear()
    _MADE.clear()
    yield
    st.cache_resource.clear()


def test_results_are_kept_by_the_arguments_without_underscore() -> None:
    assert inner("a", object()) is inner("a", _other=3)
    assert inner(name="a") is inner("a")
    assert inner("b") == ("b",)
    assert _MADE == ["a", "b"]
    st.cache_resource.clear()
    inner("a")
    assert _MADE == ["a", "b", "a"]


def test_work_inside_of_work_needs_no_second_slot() -> None:
    with ThreadPoolExecutor(8) as pool:  # more than there are slots
        names = [f"work {number}" for number in range(8)]
        found = list(pool.map(outer, names))
    assert found == [(f"{name} inside",) for name in names]


def test_the_run_of_a_page_lines_up_once_and_lets_go_for_long_work() -> None:
    with one_slot():
        assert current_turn() is None, "a page that computes nothing does not line up"
        inner("first")
        turn = current_turn()
        assert turn is not None
        outer("second")
        assert current_turn() is turn
        with turn_of("long", long=True) as other:
            assert other is not turn
            inner("in the long work's own slot")
        assert current_turn() is None
        inner("third")
    with pytest.raises(KeyError), one_slot():
        fails("fourth")
    assert current_turn() is None
    with ExitStack() as slots:  # none is held
        for _ in range(QUEUE.slots):
            slots.enter_context(QUEUE.turn(QueuedWork("all")))


def test_what_a_page_computes_after_its_picture_lets_other_pictures_pass() -> None:
    pictures_first()  # outside of a page's run there is nobody to let pass
    with one_slot():
        inner("picture")
        first = current_turn()
        assert first is not None
        assert not first.ticket.work.after
        pictures_first()
        assert current_turn() is None
        inner("beside it")
        second = current_turn()
        assert second is not None
        assert second.ticket.work.after
    with one_slot():
        inner("the next run's picture")
        third = current_turn()
        assert third is not None
        assert not third.ticket.work.after


def test_those_who_wait_for_one_result_hold_no_slots_that_its_maker_needs() -> None:
    """All slots are taken by works that need a result whose maker waits for a slot itself."""
    gate, making = threading.Barrier(QUEUE.slots + 1), threading.Event()
    store = _stores()[CacheShelf.EXPLANATIONS]

    def needing() -> str:
        with turn_of("needs"):
            gate.wait(LONG)
            assert making.wait(LONG)
            return result()

    def make() -> str:
        making.set()
        with turn_of("made"):
            _MADE.append("once")
            return "made"

    def result() -> str:
        turn = current_turn()
        return store.get("key", make, aside=nullcontext if turn is None else turn.aside)

    with ThreadPoolExecutor(QUEUE.slots + 1) as pool:
        needy = [pool.submit(needing) for _ in range(QUEUE.slots)]
        gate.wait(LONG)
        assert {one.result(LONG) for one in [*needy, pool.submit(result)]} == {"made"}
    assert _MADE == ["once"]


def test_a_place_and_a_time_are_told() -> None:
    assert waiting_text(QueuePosition(3, 12.2)) == "Waiting: your place is 3, about 12 s"
    assert waiting_text(QueuePosition(1, 0.2)) == "Waiting: your place is 1, about 1 s"


def waiting_page() -> None:
    import streamlit as st

    from attnviz.ui.kit.turns import offer_notice, turn_of

    offer_notice()
    with turn_of("look"):
        st.text("done")


def test_a_visitor_reads_that_they_wait_until_it_is_their_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from attnviz.ui.kit.turns import WaitNotice

    told: list[str] = []
    real = WaitNotice.tell

    def tell(self: WaitNotice, text: str) -> None:
        real(self, text)
        told.append(text)
        free.set()

    free = threading.Event()
    monkeypatch.setattr(WaitNotice, "tell", tell)

    def occupy() -> None:
        with ExitStack() as slots:
            for number in range(QUEUE.slots):
                slots.enter_context(QUEUE.turn(QueuedWork("busy", f"{number}", seconds=9.0)))
            taken.set()
            assert free.wait(LONG)

    taken = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        others = pool.submit(occupy)
        assert taken.wait(LONG)
        page = AppTest.from_function(waiting_page, default_timeout=LONG).run()
        others.result(LONG)
    assert not page.exception
    assert [one.value for one in page.text] == ["done"]
    assert told[0].startswith("Waiting: your place is 1, about ")
    assert "av-waiting" not in str([one.proto for one in page.get("html")]), "and not any more"
