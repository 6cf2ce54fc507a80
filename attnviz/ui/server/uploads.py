"""Streamlit's server, before which stands a guard that counts what is sent, and an hourly broom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import cast

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime
from streamlit.logger import get_logger
from streamlit.starlette import App

from attnviz.decoding.pool import workers
from attnviz.hosting import Hosting
from attnviz.pictures.limits import PictureLimits
from attnviz.private_memory import hide_memory
from attnviz.scheduling.memory_meter import read_memory
from attnviz.ui.kit.counting_server import note_counting
from attnviz.ui.kit.photo_store import PHOTOS
from attnviz.ui.kit.temporary_folders import sweep_folders
from attnviz.ui.kit.visitor import person_of, visitors_of
from attnviz.ui.kit.visitor_folders import forget_idle_visitors
from attnviz.ui.server.browser import show_in_browser
from attnviz.ui.server.held import FileStorage, HeldUploads, UploadQuota

SWEEP_SECONDS = 15.0
_FOLDERS_EVERY = 240  # sweeps: an hour
_SLOWEST_SECONDS = 900.0  # of one upload: the room that waits for it is nobody else's
_PATH = "/_stcore/upload_file/"


class UploadGuard:
    """Refuses an upload before it is read, if it or its tab's uploads are too large.

    Parameters
    ----------
    app
        What answers requests that are let through.
    held
        Keeps account; that of the running server if None.
    """

    def __init__(self, app: ASGIApp, held: HeldUploads | None = None) -> None:
        self._app = app
        self._own = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "PUT" or _PATH not in scope["path"]:
            await self._app(scope, receive, send)
            return
        held = self._own or held_uploads()
        size = _announced(scope)
        if size is None:
            await _refuse(411, "Uploads say how long they are.", scope, receive, send)
            return
        session = str(scope["path"]).partition(_PATH)[2].partition("/")[0]
        if reason := held.begin(session, size):
            await _refuse(413, reason, scope, receive, send)
            return
        try:
            async with asyncio.timeout(_SLOWEST_SECONDS):
                await self._app(scope, receive, send)
        finally:
            held.end(session, size)


_HELD: list[HeldUploads] = []


def held_uploads() -> HeldUploads:
    """Return the account of the running server's uploads."""
    if not _HELD:
        server = runtime.get_instance()
        storage = cast(FileStorage, server.uploaded_file_mgr)
        _HELD.append(HeldUploads(storage, server.is_active_session, _quota(), person_of))
    return _HELD[0]


def _quota() -> UploadQuota:
    hosting = Hosting.from_environment()
    chosen_together = max(UploadQuota.large, PictureLimits.from_environment().max_bytes)
    if not hosting.hosted:
        return UploadQuota.of_one_person(chosen_together)
    return UploadQuota.of_megabytes(hosting.upload_megabytes, chosen_together)


@asynccontextmanager
async def upkeep(app: App) -> AsyncIterator[None]:
    """Clean up while the server runs; have a worker ready before a stranger's first photo comes."""
    del app
    note_counting()
    if Hosting.from_environment().hosted:
        read_memory()  # opens what counts peaks, which is root's afterwards
        hide_memory()  # from workers that a hostile file may take over
        workers().warm_up()
    show_in_browser()
    cleaning = asyncio.create_task(_clean())
    try:
        yield
    finally:
        cleaning.cancel()
        workers().close()


async def _clean() -> None:
    rounds = 0
    while True:
        await _tried(_free_uploads)
        if rounds % _FOLDERS_EVERY == 0:
            await _tried(partial(asyncio.to_thread, sweep_folders))
        await _tried(partial(asyncio.to_thread, forget_idle_visitors))
        rounds += 1
        await asyncio.sleep(SWEEP_SECONDS)


async def _free_uploads() -> None:
    held = held_uploads()
    held.sweep()
    if Hosting.from_environment().hosted:  # one's own photos stay while one's own app runs
        PHOTOS.know_open(visitors_of(held.is_open, held.holding()))


async def _tried(step: Callable[[], Awaitable[None]]) -> None:
    """Do a step; if it fails, the others and the next rounds go on, as nobody else cleans up."""
    try:
        await step()
    except Exception:
        get_logger(__name__).exception("A step of the clean-up failed; it is tried again")


def _announced(scope: Scope) -> int | None:
    """The length that a request says it has; None if it says none, or sends by another measure."""
    if any(name == b"transfer-encoding" for name, _ in scope["headers"]):
        return None
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and len(value) < 16:
            return int(value)
    return None


async def _refuse(code: int, reason: str, scope: Scope, receive: Receive, send: Send) -> None:
    answer = PlainTextResponse(reason, code, {"Connection": "close"})
    await answer(scope, receive, send)
