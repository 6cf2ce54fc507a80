"""Slots, chairs and places, on a clock of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from attnviz.errors import DeadlineError, ServerBusyError
from attnviz.serving.waiting_room import WaitingRoom


class Visits:
    """Looks that end when the test says so, and the order in which they began."""

    def __init__(self, room: WaitingRoom) -> None:
        self.room, self.begun = room, list[str]()
        self.ends = {name: asyncio.Event() for name in "abcdef"}

    async def visit(self, name: str, seconds: float = 60) -> None:
        async with self.room.slot(seconds):
            self.begun.append(name)
            await self.ends[name].wait()


def run_apart(day: Coroutine[Any, Any, None]) -> None:
    """Run in a thread of its own: a browser's test may have a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, day).result()


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_slots_are_given_in_order_and_who_finds_no_chair_is_told_a_place() -> None:
    async def day() -> None:
        room = WaitingRoom(slots=2, chairs=2)
        visits = Visits(room)
        tasks = []
        for name in "abcd":
            tasks.append(asyncio.create_task(visits.visit(name)))
            await settled()
        assert (visits.begun, room.running, room.waiting) == (["a", "b"], 2, 2)
        with pytest.raises(ServerBusyError, match="busy: 2 wait already") as raised:
            await visits.visit("e")
        assert raised.value.seconds > 0
        visits.ends["b"].set()
        await settled()
        assert (visits.begun, room.running, room.waiting) == (["a", "b", "c"], 2, 1)
        tasks[3].cancel()  # whoever gives up leaves a chair free
        await settled()
        assert room.waiting == 0
        for event in visits.ends.values():
            event.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert room.running == 0

    run_apart(day())


def test_who_waits_too_long_goes_and_loses_nobody_a_slot() -> None:
    async def day() -> None:
        room = WaitingRoom(slots=1, chairs=5)
        visits = Visits(room)
        first = asyncio.create_task(visits.visit("a"))
        await settled()
        with pytest.raises(DeadlineError, match="No network was free within"):
            await visits.visit("b", 0.01)
        assert (room.running, room.waiting) == (1, 0)
        visits.ends["a"].set()
        visits.ends["c"].set()
        await first
        await visits.visit("c")
        assert (visits.begun, room.running) == (["a", "c"], 0)

    run_apart(day())


def test_a_slot_that_comes_with_the_end_of_patience_goes_to_the_next() -> None:
    async def day() -> None:
        room = WaitingRoom(slots=1, chairs=5)
        visits = Visits(room)
        first, second, third = (asyncio.create_task(visits.visit(name)) for name in "abc")
        await settled()
        visits.ends["a"].set()
        while room.waiting == 2:
            await asyncio.sleep(0)
        second.cancel()  # it was called this instant, and does not know it yet
        await settled()
        assert visits.begun == ["a", "c"]
        visits.ends["c"].set()
        await asyncio.gather(first, second, third, return_exceptions=True)
        assert room.running == 0

    run_apart(day())


@pytest.mark.parametrize("leaves_first", [True, False])
def test_a_look_that_ends_as_another_gives_up_loses_no_slot(leaves_first: bool) -> None:
    async def day() -> None:
        room = WaitingRoom(slots=1, chairs=5)
        visits = Visits(room)
        first, second, third = (asyncio.create_task(visits.visit(name)) for name in "abc")
        await settled()
        steps = [second.cancel, visits.ends["a"].set]  # both before anybody runs again
        for step in steps if leaves_first else reversed(steps):
            step()
        await first  # it has its answer, whoever gives up
        await settled()
        assert (visits.begun, room.running, room.waiting) == (["a", "c"], 1, 0)
        visits.ends["c"].set()
        await asyncio.gather(second, third, return_exceptions=True)
        assert room.running == 0

    run_apart(day())


def test_the_wait_is_told_by_how_long_looks_took() -> None:
    async def day() -> None:
        now = 0.0
        room = WaitingRoom(slots=1, chairs=0, clock=lambda: now)
        for _ in range(40):
            async with room.slot(1):
                now += 6.0
        async with room.slot(1):
            with pytest.raises(ServerBusyError) as raised:
                async with room.slot(1):
                    raise AssertionError
        assert raised.value.seconds == pytest.approx(6.0, rel=0.01)

    run_apart(day())
