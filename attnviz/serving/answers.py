"""How a server says that there is no answer: a status of HTTP, and a sentence as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from attnviz.errors import (
    AttnvizError,
    DeadlineError,
    NotServedError,
    ServerBusyError,
    ServerError,
)
from attnviz.pictures.names import visible
from attnviz.untrusted.values import UNREADABLE, checked_number, checked_object, parse_json

MOST_REFUSAL = 20_000  # bytes
_LONGEST_SENTENCE = 4_000
_LONGEST_WAIT = 3600.0
_STATUS: dict[type[AttnvizError], HTTPStatus] = {
    NotServedError: HTTPStatus.NOT_FOUND,
    ServerBusyError: HTTPStatus.SERVICE_UNAVAILABLE,
    DeadlineError: HTTPStatus.GATEWAY_TIMEOUT,
    ServerError: HTTPStatus.INTERNAL_SERVER_ERROR,
}


def status_of(error: AttnvizError) -> HTTPStatus:
    """Return the status that goes with an error; that of a look that failed is 422."""
    return _STATUS.get(type(error), HTTPStatus.UNPROCESSABLE_ENTITY)


def refusal(error: AttnvizError) -> bytes:
    """Return an error as it is sent."""
    facts: dict[str, Any] = {"error": type(error).__name__, "message": str(error)}
    if isinstance(error, ServerBusyError):
        facts |= {"waiting": error.waiting, "seconds": error.seconds}
    return json.dumps(facts).encode()


def error_of(body: bytes, status: int) -> AttnvizError:
    """Return the error that a server sent, which may be anything.

    Parameters
    ----------
    body
        Of bounded size: see `MOST_REFUSAL`.
    status
        That came with it.

    Returns
    -------
    AttnvizError
        Of the same kind as on the server, where that is told by a sentence alone.
    """
    try:
        return _error(checked_object(parse_json(body)))
    except UNREADABLE:
        if status == HTTPStatus.SERVICE_UNAVAILABLE:  # some proxy before it says so
            return ServerBusyError(None, 5.0)
        return ServerError(
            f"The server that looks answered with {status} and no reason. Check its address, and "
            "that nothing else answers there."
        )


def _error(facts: dict[str, Any]) -> AttnvizError:
    if facts["error"] == ServerBusyError.__name__:
        seconds = min(max(checked_number(facts["seconds"]), 0.0), _LONGEST_WAIT)
        waiting = facts["waiting"]
        return ServerBusyError(
            None if waiting is None else math.floor(checked_number(waiting)), seconds
        )
    if not isinstance(facts["message"], str):
        raise ValueError("there is no sentence")
    sentence = visible(facts["message"], _LONGEST_SENTENCE)
    kinds = {kind.__name__: kind for kind in _told_by_a_sentence(AttnvizError)}
    return kinds.get(facts["error"], ServerError)(sentence)


def _told_by_a_sentence(kind: type[AttnvizError]) -> Iterator[type[AttnvizError]]:
    """The errors below one that take their text and nothing else."""
    if kind.__init__ is Exception.__init__:
        yield kind
        for one in kind.__subclasses__():
            yield from _told_by_a_sentence(one)
