"""What the server does beside the pages: a failure is tried again, and a length is one measure."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.types import Scope

from attnviz.ui.server import uploads


def test_a_step_that_fails_ends_neither_the_others_nor_the_next_rounds(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[str] = []

    def forget() -> None:
        done.append("visitors")
        if len(done) == 3:
            running.get_loop().call_soon_threadsafe(running.cancel)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(uploads, "_HELD", [])  # no server runs here: freeing uploads fails, too
    monkeypatch.setattr(uploads, "SWEEP_SECONDS", 0.01)
    monkeypatch.setattr(uploads, "sweep_folders", lambda: None)
    monkeypatch.setattr(uploads, "forget_idle_visitors", forget)

    async def until_cancelled() -> None:
        nonlocal running
        running = asyncio.ensure_future(uploads._clean())
        with pytest.raises(asyncio.CancelledError):
            await running

    running: asyncio.Future[None]
    with ThreadPoolExecutor(1) as thread:  # this one may have the event loop of a browser
        thread.submit(asyncio.run, until_cancelled()).result()
    assert done == ["visitors"] * 3


def test_a_length_beside_chunks_counts_for_nothing() -> None:
    scope: Scope = {"headers": [(b"content-length", b"5")]}
    assert uploads._announced(scope) == 5
    scope["headers"].append((b"transfer-encoding", b"chunked"))
    assert uploads._announced(scope) is None
