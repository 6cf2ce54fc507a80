"""The queue: who is served in which order, where they stand, and that no slot is lost."""

from __future__ import annotations

import threading

import pytest

from attnviz.scheduling import fair_queue
from attnviz.scheduling.fair_queue import SLICE, FairQueue
from attnviz.scheduling.memory_meter import MemoryMeter, MemoryReading
from attnviz.scheduling.work import QueuedWork, QueuePosition
from tests.scheduling.visits import LONG, Clock, Visits, busy


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits says so at once."""
    monkeypatch.setattr(fair_queue, "POLL", 0.02)


def test_visitors_take_turns_however_much_one_asks() -> None:
    queue = FairQueue(1)
    visits = Visits(queue)
    with busy(queue):
        for visitor in ("a", "a", "a", "b", "c"):
            visits.ask(visitor)
    assert visits.finish() == ["a", "b", "c", "a", "a"]


def test_who_takes_long_waits_longer_for_the_next() -> None:
    """After a work of 4 s, a visitor waits until the other has had as much."""
    queue = FairQueue(1)
    visits = Visits(queue)
    with busy(queue):
        visits.ask("a", seconds=4.0)
        visits.ask("a")
        for _ in range(4):
            visits.ask("b")
    assert visits.finish() == ["a", "b", "b", "b", "b", "a"]


def test_who_used_an_idle_computer_for_long_does_not_pay_for_all_of_it() -> None:
    clock = Clock()
    queue = FairQueue(1, clock=clock)
    visits = Visits(queue)
    with queue.turn(QueuedWork("long", "a", long=True)):
        clock.now += 600
    with busy(queue):
        visits.ask("a")
        for _ in range(40):
            visits.ask("b")
    place = visits.finish().index("a")
    assert 5 <= place <= 15, "behind somebody who had nothing yet, but not behind 600 s"


def test_after_a_pause_long_work_is_expected_to_take_another_slice() -> None:
    clock = Clock()
    queue = FairQueue(1, clock=clock)
    visits, seen = Visits(queue), list[QueuePosition]()

    def leave(position: QueuePosition) -> None:
        seen.append(position)
        raise KeyboardInterrupt

    with queue.turn(QueuedWork("long", "a", long=True)) as turn:
        visits.ask("b")
        clock.now += 3 * SLICE
        turn.pause()
        with pytest.raises(KeyboardInterrupt), queue.turn(QueuedWork("look", "c"), leave):
            pass
    visits.finish()
    assert [one.seconds for one in seen] == [SLICE]


def test_short_work_passes_long_work_but_not_for_ever() -> None:
    clock = Clock()
    queue = FairQueue(1, clock=clock)
    visits = Visits(queue)
    with busy(queue):
        visits.ask("long", long=True)
        visits.ask("short")
    assert visits.finish() == ["short", "long"]
    late = Visits(queue)
    with busy(queue):
        late.ask("waits long", long=True)
        clock.now += 60
        late.ask("short")
    assert late.finish() == ["waits long", "short"]


def test_who_sees_no_picture_yet_goes_before_who_does_but_not_for_ever() -> None:
    clock = Clock()
    queue = FairQueue(1, clock=clock)
    visits = Visits(queue)
    with busy(queue):
        visits.ask("evidence", long=True)
        visits.ask("sees one", after=True)
        visits.ask("sees none")
    assert visits.finish() == ["sees none", "sees one", "evidence"]
    late = Visits(queue)
    with busy(queue):
        late.ask("sees one", after=True)
        clock.now += 60
        late.ask("sees none")
    assert late.finish() == ["sees one", "sees none"]


def test_who_stepped_aside_comes_back_before_those_who_came_meanwhile() -> None:
    """Whoever waited for a network was last of all otherwise, since it had run already."""
    clock = Clock()
    queue = FairQueue(1, clock=clock)
    visits, away, back = Visits(queue), threading.Event(), threading.Event()

    def wait_for_a_maker() -> None:
        with queue.turn(QueuedWork("look", "first", seconds=3.0)) as turn:
            clock.now += 1.0
            with turn.aside():
                away.set()
                assert back.wait(LONG)
            visits.served.append("first")

    thread = threading.Thread(target=wait_for_a_maker)
    thread.start()
    assert away.wait(LONG)
    with busy(queue):
        visits.ask("second")
        back.set()
        while len(queue._waiting) < 2:
            threading.Event().wait(0.01)
    thread.join(LONG)
    assert visits.finish() == ["first", "second"]


def test_positions_and_times_are_those_of_the_queue() -> None:
    clock = Clock()
    queue = FairQueue(1, clock=clock)
    seen: list[QueuePosition] = []
    visits = Visits(queue)

    class EnoughError(Exception):
        pass

    def look(position: QueuePosition) -> None:
        seen.append(position)
        raise EnoughError

    with busy(queue):
        clock.now = 0.25
        visits.ask("a", seconds=4.0)
        visits.ask("b", seconds=2.0)
        with pytest.raises(EnoughError), queue.turn(QueuedWork("look", "c"), look):
            pass
    assert seen == [QueuePosition(3, 0.75 + 4 + 2)]
    assert visits.finish() == ["a", "b"], "who left is not served"


def test_the_duration_of_a_kind_is_learned() -> None:
    clock = Clock()
    queue = FairQueue(1, clock=clock)
    with queue.turn(QueuedWork("look")):
        clock.now += 6.0
    seen: list[QueuePosition] = []
    visits = Visits(queue)

    def leave(position: QueuePosition) -> None:
        seen.append(position)
        raise KeyboardInterrupt

    with busy(queue):
        visits.ask("a", seconds=None)
        with pytest.raises(KeyboardInterrupt), queue.turn(QueuedWork("look", "b"), leave):
            pass
    visits.finish()
    assert [(one.number, round(one.seconds, 6)) for one in seen] == [(2, 1.0 + 6.0)]


def test_errors_and_leaving_leave_no_slot_held() -> None:
    queue, hold = FairQueue(1), threading.Event()
    with pytest.raises(ZeroDivisionError), queue.turn(QueuedWork("fails")):
        raise ZeroDivisionError

    def clicked(position: QueuePosition) -> None:
        raise KeyboardInterrupt

    visits = Visits(queue)
    with queue.turn(QueuedWork("long", "a", long=True)) as turn:
        visits.ask("b", until=hold)
        with pytest.raises(KeyboardInterrupt):
            turn.pause(clicked)  # the other has the slot, and this one is to wait
        hold.set()
        assert visits.finish() == ["b"]
    with busy(queue):  # the slot is free again
        pass


def test_long_work_lets_short_work_pass_and_goes_on() -> None:
    clock = Clock()
    queue = FairQueue(1, clock=clock)
    visits = Visits(queue)
    with queue.turn(QueuedWork("long", "a", long=True)) as turn:
        turn.pause()
        clock.now += 3.0
        assert turn.seconds == 3.0
        visits.ask("b")
        assert visits.served == []
        turn.pause()
        assert visits.served == ["b"]
        clock.now += 1.0
        assert turn.seconds == 4.0, "its waits are not counted"
    visits.finish()


def test_long_works_of_two_visitors_alternate_by_slices() -> None:
    clock = Clock()
    queue = FairQueue(1, clock=clock)
    visits = Visits(queue)
    with queue.turn(QueuedWork("long", "a", long=True)) as turn:
        visits.ask("b", long=True)
        turn.pause()
        assert visits.served == [], "not before its slice is over"
        clock.now += SLICE
        turn.pause()
        assert visits.served == ["b"]
    visits.finish()


def test_frame_after_frame_of_webcams_leaves_long_work_its_slice() -> None:
    clock = Clock()
    queue = FairQueue(1, clock=clock)
    visits = Visits(queue)
    with queue.turn(QueuedWork("long", "a", long=True)) as turn:
        visits.ask("webcam", after=True)
        for _ in range(9):
            clock.now += SLICE / 10
            turn.pause()
        assert visits.served == [], "not after each batch"
        clock.now += SLICE / 5
        turn.pause()
        assert visits.served == ["webcam"]
    visits.finish()


def test_works_that_need_much_memory_do_not_run_together() -> None:
    queue = FairQueue(3, lambda: 100)
    visits = Visits(queue)
    with queue.turn(QueuedWork("large", "a", memory=80)):
        with queue.turn(QueuedWork("small", "b", memory=20)):
            pass
        visits.ask("c", memory=30)
        assert visits.served == []
    assert visits.finish() == ["c"]
    with queue.turn(QueuedWork("larger than all", memory=1000)):
        pass


def test_the_memory_of_a_kind_is_learned_and_keeps_two_of_it_apart() -> None:
    peak = [1000]
    meter = MemoryMeter(lambda: MemoryReading(1000, peak[0]))
    queue = FairQueue(3, lambda: 100, meter=meter)
    with queue.turn(QueuedWork("look", "a")):
        peak[0] = 1060
    visits = Visits(queue)
    with queue.turn(QueuedWork("look", "a")):
        visits.ask("c", seconds=None)
        assert visits.served == [], "60 and 60 bytes are more than 100"
    assert visits.finish() == ["c"]


def test_a_slot_is_given_away_while_another_makes_what_is_needed() -> None:
    queue = FairQueue(1)
    visits = Visits(queue)
    with busy(queue) as turn:
        visits.ask("maker")
        with turn.aside():
            assert visits.finish() == ["maker"]
        assert turn.ticket.runs
        with pytest.raises(ZeroDivisionError), turn.aside():
            raise ZeroDivisionError
        assert turn.ticket.runs, "whoever catches the error goes on in the slot"
        visits.ask("maker")
        with turn.aside():
            with turn.aside():
                pass
            assert visits.finish() == ["maker", "maker"]
            assert not turn.ticket.runs, "the outer block waits still"
        assert turn.ticket.runs
    assert not queue._running
    with busy(queue):
        pass
