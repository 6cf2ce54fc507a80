"""Messages on their way to the desk: their size is bounded, and whoever sends one may leave."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

from attnviz.errors import ServerError
from attnviz.serving.messages import MESSAGE_TYPE, MOST_BYTES

T = TypeVar("T")
_STRANGERS_SECONDS = 2.0


def announced_size(request: Request) -> int:
    """Return how many bytes a message says it has.

    Raises
    ------
    ServerError
        It says none, sends by another measure, or has more than a look can have.
    """
    size = request.headers.get("content-length", "")
    # Chunks would be taken as they come, whatever the length says.
    if (
        request.headers.get("content-type") != MESSAGE_TYPE
        or not (size.isascii() and size.isdecimal())
        or "transfer-encoding" in request.headers
    ):
        raise ServerError(
            f"A look is asked for by a message of the type {MESSAGE_TYPE} that says how long it is."
        )
    if len(size) > 12 or int(size) > MOST_BYTES:
        raise ServerError(
            f"The message is larger than {MOST_BYTES / 1e6:.0f} MB. Send a smaller picture."
        )
    return int(size)


async def read_body(request: Request, most: int) -> bytes:
    """Return the message; no more than `most` bytes are kept, or it is refused."""
    kept = bytearray()
    async for chunk in request.stream():
        kept += chunk
        if len(kept) > most:
            raise ServerError("The message is longer than it says.")
    return bytes(kept)


async def read_past(request: Request) -> None:
    """Take a stranger's message for a moment and keep nothing, so that they read the answer."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_STRANGERS_SECONDS):
            async for _ in request.stream():
                pass


async def unless_left(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Return what the work returns; it ends if who has asked for it leaves.

    Raises
    ------
    ClientDisconnect
        They left.
    """
    done, left = asyncio.ensure_future(work), asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({done, left}, return_when=asyncio.FIRST_COMPLETED)
        if not done.done():
            raise ClientDisconnect
        return done.result()
    finally:
        for one in (done, left):
            one.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
