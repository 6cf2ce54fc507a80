"""The desk of a server: whoever asks is checked here, waits here, and is told when it is busy."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from attnviz.errors import AttnvizError, DeadlineError, ServerBusyError, ServerError
from attnviz.hosting import LOOPBACK
from attnviz.serving.answers import refusal, status_of
from attnviz.serving.batched_looks import LookAnswer
from attnviz.serving.messages import MOST_BYTES, PROTOCOL, LookRequest, read_request
from attnviz.serving.settings import ServeSettings
from attnviz.serving.waiting_room import WaitingRoom
from attnviz.version import __version__

MESSAGE_TYPE = "application/x-attnviz-look"
ANSWER_TYPE = "application/x-npz"
_JSON = "application/json"
_SLOWEST_SECONDS = 60.0  # of one message: the room that waits for it is nobody else's
_ARRIVING = 8  # messages that are read at a time

Look = Callable[[LookRequest], Awaitable[LookAnswer | AttnvizError]]
"""Gives a look to the networks."""


@dataclass(eq=False)
class LookDesk:
    """Answers over HTTP: which networks there are, how much there is to do, and looks.

    Attributes
    ----------
    settings
        Who is admitted, and how many.
    models
        Names of the networks that are offered.
    look
        Gives a look to the networks.
    """

    settings: ServeSettings
    models: Collection[str]
    look: Look
    answered: int = 0
    _room: WaitingRoom = field(init=False)
    _arriving: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._room = WaitingRoom(self.settings.slots, self.settings.chairs)
        self._arriving = asyncio.Semaphore(_ARRIVING)

    def app(self) -> Starlette:
        """Return the application."""
        # A page elsewhere may give its own name this address, and would be let in without a token.
        hosts = ["*"] if self.settings.token else [*LOOPBACK, "[::1]"]
        return Starlette(
            routes=[
                Route("/v1/models", self._models, methods=["GET"]),
                Route("/v1/state", self._state, methods=["GET"]),
                Route("/v1/looks", self._looks, methods=["POST"]),
            ],
            middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)],
        )

    async def _models(self, request: Request) -> Response:
        return self._told(
            request,
            {"attnviz": __version__, "protocol": PROTOCOL, "models": sorted(self.models)},
        )

    async def _state(self, request: Request) -> Response:
        room = self._room
        return self._told(
            request,
            {"running": room.running, "waiting": room.waiting, "answered": self.answered},
        )

    async def _looks(self, request: Request) -> Response:
        try:
            body = await self._body(request)
            if not self._admits(request):  # the message was taken, so that the answer is read
                return _stranger()
            asked = read_request(body)
            found = await self._found(asked)
        except ServerError as error:
            found = error
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        if isinstance(found, AttnvizError):
            return _refused(found)
        self.answered += 1
        headers = {
            "Attnviz-Together": str(found.together),
            "Attnviz-Passes": str(found.passes),
        }
        return Response(found.content, media_type=ANSWER_TYPE, headers=headers)

    async def _found(self, asked: LookRequest) -> LookAnswer | AttnvizError:
        until = time.monotonic() + asked.seconds
        async with self._room.slot(asked.seconds):
            left = until - time.monotonic()
            try:
                return await asyncio.wait_for(self.look(replace(asked, seconds=left)), left)
            except TimeoutError:
                raise DeadlineError(
                    f"The look was not ready within {asked.seconds:.0f} s. Try again later, or "
                    "choose a faster method or a smaller input."
                ) from None

    async def _body(self, request: Request) -> bytes:
        """The message, unless it is too large or too slow; of strangers nothing is kept."""
        kept, admitted = bytearray(), self._admits(request)
        size = request.headers.get("content-length", "")
        if request.headers.get("content-type") != MESSAGE_TYPE or not size.isdecimal():
            raise ServerError(f"A look is asked for by a message of the type {MESSAGE_TYPE}.")
        if len(size) > 12 or int(size) > MOST_BYTES:
            raise ServerError(
                f"The message is larger than {MOST_BYTES / 1e6:.0f} MB. Send a smaller picture."
            )
        with contextlib.suppress(TimeoutError):
            async with self._arriving, asyncio.timeout(_SLOWEST_SECONDS):
                async for chunk in request.stream():
                    if admitted:
                        kept += chunk
                return bytes(kept)
        raise ServerError("The message did not arrive in time. Check the connection.")

    def _told(self, request: Request, facts: dict[str, object]) -> Response:
        if not self._admits(request):
            return _stranger()
        return Response(json.dumps(facts), media_type=_JSON)

    def _admits(self, request: Request) -> bool:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        return self.settings.admits(given.strip() if scheme.lower() == "bearer" else "")


def _stranger() -> Response:
    error = ServerError(
        "The server that looks wants a token, and not this one. Set ATTNVIZ_SERVER_TOKEN to the "
        "same text as there."
    )
    return Response(
        refusal(error),
        HTTPStatus.UNAUTHORIZED,
        {"WWW-Authenticate": "Bearer"},
        media_type=_JSON,
    )


def _refused(error: AttnvizError) -> Response:
    headers = {}
    if isinstance(error, ServerBusyError):
        headers["Retry-After"] = str(max(1, round(error.seconds)))
    return Response(refusal(error), status_of(error), headers, media_type=_JSON)
