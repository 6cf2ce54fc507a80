"""What the opening of one file may take."""

from __future__ import annotations

import os
from dataclasses import dataclass

from attnviz.errors import SettingError
from attnviz.hosting import Hosting
from attnviz.pictures.limits import MEGABYTE

MEMORY_VARIABLE = "ATTNVIZ_DECODING_MB"
_LOCAL_MEGABYTES, _HOSTED_MEGABYTES = 4096, 1024
_LEAST_MEGABYTES = 64


@dataclass(frozen=True)
class DecodingLimits:
    """What a worker may take for one file, and how many files are open.

    Attributes
    ----------
    memory
        Bytes beyond what a worker takes before it opens anything. Not enforced on macOS and
        Windows, which have no such limit.
    processor_seconds
        Time of the processor for one file; not enforced on Windows.
    seconds
        Time by the clock, of which a busy computer gives less to a worker.
    workers
        Files that are opened at once, each by a worker of its own; others wait their turn.
    waiting_seconds
        How long they wait before they are refused.
    kept_seconds
        How long a worker waits for more questions about its file, such as for another slice.
    """

    memory: int = _LOCAL_MEGABYTES * MEGABYTE
    processor_seconds: int = 20
    seconds: float = 120.0
    workers: int = 2
    waiting_seconds: float = 120.0
    kept_seconds: float = 600.0

    @classmethod
    def from_environment(cls) -> DecodingLimits:
        """The defaults of a local or a hosted app, changed by ATTNVIZ_DECODING_MB.

        Raises
        ------
        SettingError
            It is set to something other than a number of 64 or more.
        """
        usual = _HOSTED_MEGABYTES if Hosting.from_environment().hosted else _LOCAL_MEGABYTES
        text = os.environ.get(MEMORY_VARIABLE, "").strip() or str(usual)
        if not (text.isascii() and text.isdigit() and int(text) >= _LEAST_MEGABYTES):
            raise SettingError(
                f"{MEMORY_VARIABLE} is set to {text[:40]!r}. Set it to a whole number of megabytes "
                f"from {_LEAST_MEGABYTES} on, such as {usual}."
            )
        return cls(memory=int(text) * MEGABYTE)
