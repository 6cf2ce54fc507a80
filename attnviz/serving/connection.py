"""The connection on which one question is asked: it may be refused early, and left at any time."""

from __future__ import annotations

import contextlib
import http.client
import socket
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from typing import Any, TypeVar

from attnviz.models.web import web_opener

T = TypeVar("T")
_POLL = 0.5  # seconds


class LookConnection:
    """One question's connection, which may be closed from another thread.

    Attributes
    ----------
    cut
        Whether the server stopped reading before the question was sent whole: what it has answered
        by then is read all the same.
    """

    def __init__(self) -> None:
        self.cut = False
        self._socket: socket.socket | None = None
        self._closed = False

    def open(self, request: urllib.request.Request, seconds: float) -> Any:
        """Ask, and return the response, open for reading; errors as those of `web_opener`."""
        opener = web_opener(lambda: _Http(self), lambda: _Https(self))
        return opener.open(request, timeout=seconds)

    def close(self) -> None:
        """Close it; who reads from it meanwhile gets an error."""
        self._closed = True
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it is closed already
                self._socket.shutdown(socket.SHUT_RDWR)

    def opened(self, given: socket.socket) -> None:
        """Take note of the socket."""
        self._socket = given
        if self._closed:
            self.close()


def asked_aside(ask: Callable[[], T], close: Callable[[], object], poll: Callable[[], object]) -> T:
    """Return what `ask` returns, which runs in a thread of its own.

    Parameters
    ----------
    ask
        What waits for an answer.
    close
        Makes `ask` end soon.
    poll
        Called in this thread every half second; what it raises closes, and ends the wait.
    """
    asking = ThreadPoolExecutor(1)
    try:
        answer = asking.submit(ask)
        while not wait([answer], _POLL).done:
            poll()
        return answer.result()
    finally:
        if not answer.done():
            close()
        asking.shutdown(wait=False)


class _Noted(http.client.HTTPConnection):
    """A connection that tells of its socket, and lives on where a server reads no more."""

    def __init__(self, *given: Any, noted: LookConnection, **more: Any) -> None:
        super().__init__(*given, **more)
        self._noted = noted

    def connect(self) -> None:
        super().connect()
        self._noted.opened(self.sock)

    def send(self, data: Any) -> None:
        try:
            super().send(data)
        except (BrokenPipeError, ConnectionResetError):
            if self.sock is None:
                raise
            self._noted.cut = True


class _NotedTls(_Noted, http.client.HTTPSConnection):
    """The same with TLS."""


class _Http(urllib.request.HTTPHandler):
    handler_order = 400  # before the usual one

    def __init__(self, noted: LookConnection) -> None:
        super().__init__()
        self._noted = noted

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_Noted, noted=self._noted), req)


class _Https(urllib.request.HTTPSHandler):
    handler_order = 400

    def __init__(self, noted: LookConnection) -> None:
        super().__init__()
        self._noted = noted

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_NotedTls, noted=self._noted), req)
