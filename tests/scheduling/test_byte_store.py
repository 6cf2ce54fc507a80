"""Results by their bytes: what goes, what stays, and that nothing is made twice."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from torch import nn

from attnviz.errors import SettingError
from attnviz.scheduling.budgets import CACHE_VARIABLE, CacheBudgets
from attnviz.scheduling.byte_store import ByteStore
from attnviz.scheduling.sizes import size_of
from attnviz.types import FloatArray

LONG = 120.0


@dataclass(eq=False)
class Result:
    """A result of so many bytes."""

    values: FloatArray = field(repr=False)


def made(count: int) -> Result:
    return Result(np.zeros(count // 4, np.float32))


def store_of(budget: int) -> ByteStore:
    return ByteStore(budget, size=lambda one: one.values.nbytes)


def test_the_least_recently_used_goes_first() -> None:
    store = store_of(1000)
    for key in "ab":
        store.get(key, lambda: made(400))
    store.get("a", lambda: made(400))
    store.get("c", lambda: made(400))
    assert ("a" in store, "b" in store, "c" in store) == (True, False, True)
    assert store.bytes == 800
    store.get("large", lambda: made(4000))
    assert store.bytes == 4000, "the newest is kept, whatever its size"
    store.get("d", lambda: made(400))
    assert "large" not in store


def test_what_is_in_use_is_not_dropped_and_not_made_again() -> None:
    dropped: list[int] = []
    store = ByteStore(1000, size=lambda one: one.values.nbytes, on_drop=lambda: dropped.append(1))
    held = store.get("held", lambda: made(800))
    store.get("idle", lambda: made(800))
    store.get("next", lambda: made(800))
    assert store.get("held", lambda: pytest.fail("made again")) is held
    assert "idle" not in store
    assert dropped == [1]
    del held
    store.get("last", lambda: made(800))
    assert "held" not in store


def test_what_nobody_wants_for_long_goes() -> None:
    now = [0.0]
    store = ByteStore(10_000, idle_seconds=60, clock=lambda: now[0])
    store.get("old", lambda: made(4))
    store.get("used", lambda: made(4))
    now[0] = 50
    store.get("used", lambda: made(4))
    now[0] = 70
    store.get("new", lambda: made(4))
    assert ("old" in store, "used" in store) == (False, True)


def test_two_who_ask_for_the_same_wait_for_one_computation() -> None:
    store, count = store_of(1000), [0]
    begun, waits = threading.Event(), threading.Event()

    def make() -> Result:
        count[0] += 1
        begun.set()
        assert waits.wait(LONG), "the other waits meanwhile"
        return made(40)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(store.get, "key", make)
        assert begun.wait(LONG)
        second = pool.submit(store.get, "key", make, waits.set)
        assert first.result(LONG) is second.result(LONG)
    assert count == [1]


def test_who_waits_makes_it_when_the_first_fails() -> None:
    store = store_of(1000)
    begun, waits = threading.Event(), threading.Event()

    def fails() -> Result:
        begun.set()
        waits.wait(LONG)
        raise KeyboardInterrupt

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(store.get, "key", fails)
        assert begun.wait(LONG)
        second = pool.submit(store.get, "key", lambda: made(40), waits.set)
        assert second.result(LONG).values.nbytes == 40
        with pytest.raises(KeyboardInterrupt):
            first.result(LONG)


def test_sizes_count_what_is_shared_once() -> None:
    network = nn.Sequential(nn.Linear(100, 50), nn.BatchNorm1d(50))
    parameters = (100 * 50 + 50 + 50 + 50) * 4
    buffers = 2 * 50 * 4 + 8
    assert parameters + buffers <= size_of(network) < parameters + buffers + 5000
    tied = nn.ModuleList([network[0], network[0]])
    assert size_of(tied) < 100 * 50 * 4 + 5000
    maps = np.zeros((10, 1000), np.float32)
    assert 40_000 <= size_of({"maps": maps, "again": [maps], "view": Result(maps)}) < 42_000
    assert size_of(b"x" * 5000) >= 5000
    assert size_of(torch.zeros(10, 100)) >= 4000


def test_budgets_come_from_the_setting_or_from_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CACHE_VARIABLE, raising=False)
    gigabyte = 2**30
    small, large = (CacheBudgets.from_environment(n * gigabyte) for n in (1, 8))
    assert large.models == pytest.approx(8 * small.models, abs=8)
    assert 0.1 * gigabyte < small.models < 0.25 * gigabyte
    assert CacheBudgets.from_environment(None).models > 0
    monkeypatch.setenv(CACHE_VARIABLE, "100")
    given = CacheBudgets.from_environment(8 * gigabyte)
    total = given.models + given.explanations + given.pictures + given.payloads
    assert total == pytest.approx(100 * 2**20, abs=4)
    for wrong in ("much", "0", "-3", "nan"):
        monkeypatch.setenv(CACHE_VARIABLE, wrong)
        with pytest.raises(SettingError, match=CACHE_VARIABLE):
            CacheBudgets.from_environment(None)
