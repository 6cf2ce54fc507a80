"""How a server of looks is set up, and what keeps strangers out of it."""

from __future__ import annotations

import hmac
import math
import os
from dataclasses import dataclass, field

from attnviz.errors import SettingError
from attnviz.hosting import LOOPBACK
from attnviz.scheduling.budgets import CacheBudgets

TOKEN_VARIABLE = "ATTNVIZ_SERVER_TOKEN"  # noqa: S105 - its name # nosec B105
PORT = 8600
_SHORTEST_TOKEN = 16


@dataclass(frozen=True)
class ServeSettings:
    """What a server offers, and to whom.

    Attributes
    ----------
    models
        Names of the networks; those whose weights are here if empty.
    host, port
        Where it listens.
    replicas
        How many processes hold networks, side by side.
    memory
        Bytes that the networks of each may hold together.
    gpu_share
        How much of a GPU each takes, where there is one.
    batch
        How many looks share a pass at most.
    gather
        Seconds that a look waits for others that could share its pass.
    chairs
        How many looks may wait, and as many of slow methods; more are told that the server is busy.
    token
        What whoever asks must know; nobody is asked for one if empty.

    Raises
    ------
    SettingError
        Other computers reach the server, and there is no token; or that is too short.
    """

    models: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    port: int = PORT
    replicas: int = 1
    memory: int = 2 * 2**30
    gpu_share: float = 1.0
    batch: int = 16
    gather: float = 0.01
    chairs: int = 32
    token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not self.token and not self.on_loopback:
            raise SettingError(
                f"Other computers reach {self.host}, so whoever asks must know a token. Set "
                f"{TOKEN_VARIABLE} to a long random text, here and for the app, or leave --host "
                "out."
            )
        if self.token and not is_token(self.token):
            raise SettingError(
                f"{TOKEN_VARIABLE} must have at least {_SHORTEST_TOKEN} characters, of those that "
                'are printed and no spaces. `python -c "import secrets; '
                'print(secrets.token_hex())"` makes one.'
            )

    @property
    def on_loopback(self) -> bool:
        """Whether this computer alone reaches it."""
        return self.host in LOOPBACK

    @property
    def slots(self) -> int:
        """How many looks are with the networks: a batch in work, and one that gathers."""
        return 2 * self.batch * self.replicas

    @property
    def most_looks(self) -> int:
        """How many looks run and wait at most, in the room of slow methods (one for each replica,
        and as many chairs) and in that of all others.
        """
        return self.slots + self.replicas + 2 * self.chairs

    def check_gpus(self, count: int) -> None:
        """Raise SettingError if the replicas do not fit on so many GPUs; 0 means on processors."""
        most = count * math.floor(1 / self.gpu_share + 1e-9)
        if count and self.replicas > most:
            gpus = "1 GPU has" if count == 1 else f"{count:,} GPUs have"
            raise SettingError(
                f"{gpus} room for {most:,} of {self.replicas:,} replicas that take "
                f"{self.gpu_share:g} of one each. Start with --replicas {most}, or a smaller "
                "--gpu-share."
            )

    def admits(self, given: str) -> bool:
        """Return whether a token is the right one, in a time that does not tell how near it is."""
        return not self.token or hmac.compare_digest(given.encode(), self.token.encode())


def token_from_environment() -> str:
    """Return the token in ATTNVIZ_SERVER_TOKEN, or nothing."""
    return os.environ.get(TOKEN_VARIABLE, "").strip()


def is_token(text: str) -> bool:
    """Return whether a text can be a token: long, and fit for a header."""
    return (
        len(text) >= _SHORTEST_TOKEN and text.isascii() and text.isprintable() and " " not in text
    )


def usual_memory(total: int | None, replicas: int) -> int:
    """Return the bytes of networks for each replica, of the memory that there is."""
    return CacheBudgets.from_environment(total).models * 2 // max(replicas, 1)
