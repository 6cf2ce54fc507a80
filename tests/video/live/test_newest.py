"""The slot of one thing."""

from __future__ import annotations

from threading import Event, Thread

from attnviz.video.live.newest import Newest

WAIT = 60


def test_slow_work_gets_the_newest_thing_and_nothing_queues_up() -> None:
    slot, taken = Newest[int](), list[int]()
    busy, go_on = Event(), Event()

    def work() -> None:
        while (item := slot.take()) is not None:
            taken.append(item)
            busy.set()
            assert go_on.wait(WAIT)

    worker = Thread(target=work, daemon=True)
    worker.start()
    slot.put(0)
    assert busy.wait(WAIT)
    for item in range(1, 100):
        slot.put(item)
    busy.clear()
    go_on.set()
    assert busy.wait(WAIT)
    slot.close()
    worker.join(WAIT)
    assert taken == [0, 99]
    assert not worker.is_alive()


def test_closing_lets_a_waiting_thread_go_and_drops_what_comes_later() -> None:
    slot = Newest[str]()
    worker = Thread(target=slot.take, daemon=True)
    worker.start()
    slot.close()
    worker.join(WAIT)
    assert not worker.is_alive()
    slot.put("late")
    assert slot.take() is None
    assert slot.closed


def test_what_is_at_hand_is_taken_once_and_not_waited_for() -> None:
    slot = Newest[str]()
    assert slot.take_at_hand() is None
    slot.put("first")
    slot.put("second")
    assert slot.take_at_hand() == "second"
    assert slot.take_at_hand() is None
