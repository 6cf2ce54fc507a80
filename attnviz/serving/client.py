"""Asking a server of looks; knows no Ray."""

from __future__ import annotations

import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from urllib.parse import urlsplit

from attnviz.analysis.explanation import Explanation
from attnviz.analysis.explanation_file import explanation_parts
from attnviz.errors import (
    AttnvizError,
    ExplanationError,
    ServerBusyError,
    ServerError,
    SettingError,
)
from attnviz.hosting import LOOPBACK
from attnviz.models.vision_model import VisionModel
from attnviz.models.web import (
    bounded_answer,
    is_web_address,
    shown_address,
    why_no_answer,
)
from attnviz.pictures import Picture
from attnviz.serving.answers import MOST_REFUSAL, error_of
from attnviz.serving.both_sides import as_here, tells_whole
from attnviz.serving.connection import LookConnection, asked_aside
from attnviz.serving.messages import (
    LARGEST_INPUT,
    MESSAGE_TYPE,
    PROTOCOL,
    LookRequest,
    can_be_sent,
)
from attnviz.serving.settings import TOKEN_VARIABLE, is_token, token_from_environment
from attnviz.targets import Target
from attnviz.targets.text import format_targets
from attnviz.untrusted.values import UNREADABLE, checked_list, checked_object, parse_json
from attnviz.version import __version__

SERVER_VARIABLE = "ATTNVIZ_SERVER"
_PATIENCE = 120.0  # seconds for a look
_SHORT = 10.0  # seconds for what takes no work
_LIST_LASTS = 60.0  # seconds
_MOST_ANSWER = 256 * 2**20
_MOST_LIST = 2 * 2**20
_MOST_NETWORKS = 20_000
_ASKED = "The server that looks computes the maps, or others are before you"
_LONGEST_PAUSE = 5.0  # seconds between two attempts

Waiting = Callable[[str], object]
"""Called with a sentence while there is no answer yet; what it raises ends the wait."""


@dataclass(eq=False)
class LookServer:
    """A server that looks, as `attnviz serve` starts it.

    Attributes
    ----------
    address
        http or https, with a path if a proxy has it under one.
    token
        What the server wants to be told; empty for one of this computer alone.
    """

    address: str
    token: str = field(default="", repr=False)
    _offered: frozenset[str] = frozenset()
    _listed_at: float = float("-inf")

    def __post_init__(self) -> None:
        if (
            not is_web_address(self.address)
            or not (self.address.isascii() and self.address.isprintable())
            or any(sign in self.address for sign in "?# ")
        ):
            raise SettingError(
                f"{SERVER_VARIABLE} is set to {shown_address(self.address)[:80]!r}, which is no "
                "address of a server. Set it to one such as http://127.0.0.1:8600, or unset it."
            )
        if self.token and not is_token(self.token):
            raise SettingError(
                f"{TOKEN_VARIABLE} is no token that a server takes. Set it to the same as there."
            )

    @classmethod
    def from_environment(cls) -> LookServer | None:
        """Return the server in ATTNVIZ_SERVER, or None.

        Raises
        ------
        SettingError
            The variable holds no address.
        """
        address = os.environ.get(SERVER_VARIABLE, "").strip()
        return cls(address.rstrip("/"), token_from_environment()) if address else None

    def request(
        self, model: VisionModel, picture: Picture, method: str, targets: tuple[Target, ...]
    ) -> LookRequest | None:
        """Return what the server is to be asked; None for what it cannot be.

        Parameters
        ----------
        model
            As it is here: only networks of the catalogue with their own weights can be asked about.
        picture, method
            As for `attnviz.explain`.
        targets
            Those that their text tells whole; not functions, or other pictures.

        Raises
        ------
        ServerError
            The server does not answer, or is of another version.
        """
        text, size = format_targets(targets), model.preprocess.size
        if (
            not can_be_sent(picture)
            or not isinstance(size, int)
            or size > LARGEST_INPUT
            or not tells_whole(text, targets, model)
            or model.name not in self.offered()
        ):
            return None
        request = LookRequest(
            model.name, size, model.weights_sha256, method, text, _PATIENCE, picture
        )
        return request if request.readable else None

    def explain(
        self,
        model: VisionModel,
        request: LookRequest,
        targets: tuple[Target, ...] = (),
        waiting: Waiting | None = None,
    ) -> Explanation:
        """Return the explanation, as `attnviz.explain` would here.

        Parameters
        ----------
        model
            That the request is about.
        request
            From `request`, with the picture that the explanation gets.
        targets
            Those of the request.
        waiting
            Called every half second while there is no answer, and while the server is too busy to
            take the request.

        Raises
        ------
        NotServedError
            The server has other weights, or knows no such method or target.
        ServerError
            It does not answer, or not in time, or is busy.
        AttnvizError
            What the look itself raises.
        """
        end = time.monotonic() + request.seconds
        while True:
            try:
                return self._explanation(model, request, targets, end, waiting)
            except ServerBusyError as busy:
                pause = min(max(busy.seconds, 0.5), _LONGEST_PAUSE)
                if time.monotonic() + pause > end:
                    raise
                if waiting is not None:
                    waiting(busy.state)
                time.sleep(pause)

    def offered(self) -> frozenset[str]:
        """Return the names of the networks that the server offers; asked for once a minute."""
        now = time.monotonic()
        if now - self._listed_at > _LIST_LASTS:
            self._offered = self._listed()
            self._listed_at = now
        return self._offered

    def _listed(self) -> frozenset[str]:
        body = self._answer("v1/models", None, _MOST_LIST, time.monotonic() + _SHORT)
        try:
            facts = checked_object(parse_json(body))
            version, protocol = str(facts["attnviz"])[:20], facts["protocol"]
            names = frozenset(map(str, checked_list(facts["models"], _MOST_NETWORKS)))
        except UNREADABLE as error:
            raise ServerError(
                f"{self.shown} is no server of looks. Check {SERVER_VARIABLE}, or unset it."
            ) from error
        if (version, protocol) != (__version__, PROTOCOL):
            raise ServerError(
                f"The server that looks runs attnviz {version}, and the app {__version__}. Install "
                f"the same on both sides, or unset {SERVER_VARIABLE}."
            )
        return names

    @property
    def on_loopback(self) -> bool:
        """Whether it is on this computer."""
        return urlsplit(self.address).hostname in LOOPBACK

    @property
    def shown(self) -> str:
        """The address without what may be secret."""
        return shown_address(self.address)

    def _explanation(
        self,
        model: VisionModel,
        request: LookRequest,
        targets: tuple[Target, ...],
        end: float,
        waiting: Waiting | None,
    ) -> Explanation:
        left = max(end - time.monotonic(), 0.1)
        message = replace(request, seconds=left).message()
        connection = LookConnection()
        ask = partial(self._answer, "v1/looks", message, _MOST_ANSWER, end + _SHORT, connection)
        if waiting is None:
            body = ask()
        else:
            body = asked_aside(ask, connection.close, partial(waiting, _ASKED))
        try:
            parts = explanation_parts(body, request.picture)
        except ExplanationError as error:
            raise ServerError(
                f"{self.shown} answered with something else than maps. Check {SERVER_VARIABLE}."
            ) from error
        return Explanation(**as_here(parts, model, request.picture, targets))

    def _answer(
        self,
        path: str,
        message: bytes | None,
        most: int,
        end: float,
        connection: LookConnection | None = None,
    ) -> bytes:
        """What the server answers; its refusals are raised."""
        connection = connection or LookConnection()
        headers = {"Content-Type": MESSAGE_TYPE}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(  # noqa: S310 - its scheme was checked
            f"{self.address}/{path}", message, headers
        )
        seconds = max(end - time.monotonic(), 0.1)
        try:
            with connection.open(request, seconds) as response:
                return bounded_answer(response, most, end)
        except urllib.error.HTTPError as error:
            if error.code < 400:
                raise self._silent(error, seconds) from error
            raise self._refused(error, end) from error
        except (OSError, http.client.HTTPException) as error:
            if connection.cut:  # refused before it was read, and the reason was lost on the way
                raise ServerBusyError(None, 1.0) from error
            raise self._silent(error, seconds) from error

    def _refused(self, answer: urllib.error.HTTPError, end: float) -> AttnvizError:
        try:
            with answer:
                return error_of(bounded_answer(answer, MOST_REFUSAL, end), answer.code)
        except (OSError, http.client.HTTPException):
            return error_of(b"", answer.code)

    def _silent(self, error: Exception, seconds: float) -> ServerError:
        place = self.shown.rpartition("//")[2]  # a link would lead nowhere
        return ServerError(
            f"The server that looks, {place}, gives no answer: "
            f"{why_no_answer(error, seconds)}. Start it with `attnviz serve`, or unset "
            f"{SERVER_VARIABLE} and start the app again to look without it."
        )
