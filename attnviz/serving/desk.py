"""The desk of a server: whoever asks is checked here, waits here, and is told when it is busy."""

from __future__ import annotations

import asyncio
import json
import logging
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
from attnviz.serving.arriving import announced_size, read_body, read_past, unless_left
from attnviz.serving.batched_looks import LookAnswer, failure, takes_many_passes
from attnviz.serving.messages import PROTOCOL, LookRequest, read_request
from attnviz.serving.settings import ServeSettings
from attnviz.serving.waiting_room import WaitingRoom
from attnviz.version import __version__

ANSWER_TYPE = "application/x-npz"
_JSON = "application/json"
_LOG = logging.getLogger(__name__)
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
    _quick: WaitingRoom = field(init=False)
    _slow: WaitingRoom = field(init=False)
    _arriving: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._quick = WaitingRoom(self.settings.slots, self.settings.chairs)
        # Work of many passes takes minutes: in one room with the others it would hold them up.
        self._slow = WaitingRoom(self.settings.replicas, self.settings.chairs)
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
        rooms = self._quick, self._slow
        running, waiting = sum(one.running for one in rooms), sum(one.waiting for one in rooms)
        return self._told(
            request, {"running": running, "waiting": waiting, "answered": self.answered}
        )

    async def _looks(self, request: Request) -> Response:
        since = time.monotonic()
        try:
            if not self._admits(request):
                await read_past(request)
                return _stranger()
            try:
                asked = read_request(await self._arrived(request))
            except DeadlineError as error:
                return _refused(error, HTTPStatus.REQUEST_TIMEOUT)
            except ServerBusyError as error:
                return _refused(error)
            except ServerError as error:
                return _refused(error, HTTPStatus.BAD_REQUEST)
            found = await unless_left(request, self._found(asked, since + asked.seconds))
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        except AttnvizError as error:
            found = error
        except Exception as error:
            found = failure(error)
        if isinstance(found, AttnvizError):
            _log(found)
            return _refused(found)
        self.answered += 1
        headers = {
            "Attnviz-Together": str(found.together),
            "Attnviz-Passes": str(found.passes),
        }
        return Response(found.content, media_type=ANSWER_TYPE, headers=headers)

    async def _found(self, asked: LookRequest, until: float) -> LookAnswer | AttnvizError:
        room = self._slow if takes_many_passes(asked) else self._quick
        async with room.slot(max(until - time.monotonic(), 0.0)):
            left = until - time.monotonic()
            try:
                return await asyncio.wait_for(self.look(replace(asked, seconds=left)), left)
            except TimeoutError:
                raise DeadlineError(
                    f"The look was not ready within {asked.seconds:.0f} s. Try again later, or "
                    "choose a faster method or a smaller input."
                ) from None

    async def _arrived(self, request: Request) -> bytes:
        """The message, for which there is room for so long."""
        size = announced_size(request)
        try:
            await asyncio.wait_for(self._arriving.acquire(), _SLOWEST_SECONDS)
        except TimeoutError:
            raise ServerBusyError(None, 5.0) from None
        try:
            async with asyncio.timeout(_SLOWEST_SECONDS):
                return await read_body(request, size)
        except TimeoutError:
            raise DeadlineError(
                "The message did not arrive in time. Check the connection."
            ) from None
        finally:
            self._arriving.release()

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


def _log(error: AttnvizError) -> None:
    """Tell the operator what went wrong: who asked is told no more than that it did."""
    if status_of(error) == HTTPStatus.INTERNAL_SERVER_ERROR:
        _LOG.error("%s", "\n".join([str(error), *getattr(error, "__notes__", ())]))


def _refused(error: AttnvizError, status: HTTPStatus | None = None) -> Response:
    headers = {}
    if isinstance(error, ServerBusyError):
        headers["Retry-After"] = str(max(1, round(error.seconds)))
    return Response(refusal(error), status or status_of(error), headers, media_type=_JSON)
