"""Garbage is collected once for many runs of pages, and soon after the last one."""

from __future__ import annotations

import threading
import weakref

import pytest
from streamlit import config

from attnviz.assets import app_script
from attnviz.ui.kit import turns
from attnviz.ui.kit.garbage import SeldomCollector

LONG = 120.0  # seconds after which a test has failed


class Ring:
    """Refers to itself, so that only a collection frees it."""

    def __init__(self) -> None:
        self.itself = self


def test_many_runs_share_a_collection_and_the_next_ask_for_another() -> None:
    done: list[int] = []
    begun, go = threading.Semaphore(0), threading.Event()

    def collect() -> None:
        done.append(1)
        begun.release()
        assert go.wait(LONG)

    collector = SeldomCollector(1.0, collect)
    for _ in range(50):  # within the second, also on a busy computer
        collector.ask()
    assert begun.acquire(timeout=LONG)
    assert len(done) == 1
    collector.ask()  # while the first still collects
    assert begun.acquire(timeout=LONG)
    go.set()
    assert not begun.acquire(timeout=1.5)
    assert len(done) == 2


def test_what_refers_to_itself_is_freed() -> None:
    ring = Ring()
    gone = threading.Event()
    weakref.finalize(ring, gone.set)
    del ring
    SeldomCollector(0.01).ask()
    assert gone.wait(LONG)


def test_a_turn_outside_of_the_run_of_a_page_asks_as_it_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    collected = threading.Event()
    monkeypatch.setattr(turns, "COLLECTOR", SeldomCollector(0.01, collected.set))
    with turns.turn_of("look", who="a"):
        assert not collected.wait(0.3)
    assert collected.wait(LONG)


def test_the_settings_of_the_app_leave_it_to_the_app() -> None:
    """Where they are missing, as beside another script, Streamlit collects as well."""
    settings = (app_script().parent / ".streamlit" / "config.toml").read_text()
    assert "[runner]" in settings
    assert "postScriptGC = false" in settings
    assert "runner.postScriptGC" in config.get_config_options(), "the option has another name"
