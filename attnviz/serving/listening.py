"""The desk of a server on a port: plain HTTP, with bounds on headers and connections."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Any

import uvicorn

from attnviz.errors import SettingError
from attnviz.serving.desk import LookDesk
from attnviz.serving.settings import ServeSettings

_MORE_CONNECTIONS = 64  # than looks that wait or are computed
_LARGEST_HEADERS = 32_768


def bound_socket(settings: ServeSettings) -> socket.socket:
    """Return a socket at the address of a server, which does not listen yet.

    Raises
    ------
    SettingError
        The address is taken, or none of this computer.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # else a port that was just freed is taken for a minute
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((settings.host, settings.port))
    except OSError as error:
        bound.close()
        raise SettingError(
            f"Nothing can listen at {settings.host}, port {settings.port} "
            f"({error.strerror or error}). Choose another --port, or an address of this computer "
            "for --host."
        ) from error
    return bound


class DeskServer(uvicorn.Server):
    """Listens for a desk until it is told to end.

    Parameters
    ----------
    settings
        Where it listens, and how many looks there are at a time.
    desk
        What answers.
    told
        Called with a sentence once it listens.
    """

    def __init__(
        self, settings: ServeSettings, desk: LookDesk, told: Callable[[str], object]
    ) -> None:
        config = uvicorn.Config(
            desk.app(),
            host=settings.host,
            port=settings.port,
            log_level="error",
            access_log=False,
            server_header=False,
            ws="none",
            http="h11",
            lifespan="off",
            limit_concurrency=settings.most_looks + _MORE_CONNECTIONS,
            h11_max_incomplete_event_size=_LARGEST_HEADERS,
            timeout_graceful_shutdown=5,
        )
        super().__init__(config)
        self._settings, self._desk, self._told = settings, desk, told

    async def startup(self, sockets: Any = None) -> None:
        """See `uvicorn.Server`."""
        await super().startup(sockets)
        if self.started:
            self._told(self._where())

    def _where(self) -> str:
        host = self._settings.host
        host = f"[{host}]" if ":" in host else host
        count = len(self._desk.models)
        networks = "1 network" if count == 1 else f"{count:,} networks"
        return (
            f"{networks} at http://{host}:{self._settings.port}. The app lets this server look if "
            "ATTNVIZ_SERVER holds the address. Ctrl-C ends it."
        )
