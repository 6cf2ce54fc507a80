"""How many bytes results may hold, by the memory at hand."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

from attnviz.errors import SettingError

CACHE_VARIABLE = "ATTNVIZ_CACHE_MB"
_MEGABYTE = 2**20
_SHARE = 0.35  # of the computer's memory
_MOST = 16 * 2**30
_UNKNOWN = 2**30  # where the system does not tell its memory


@dataclass(frozen=True)
class CacheBudgets:
    """Bytes for each kind of result.

    Attributes
    ----------
    models
        Networks.
    explanations
        Maps, traces and features.
    pictures
        Pictures at display size, and bokeh.
    payloads
        What viewers are sent.
    """

    models: int
    explanations: int
    pictures: int
    payloads: int

    @classmethod
    def of(cls, total: int) -> CacheBudgets:
        """Share bytes between the kinds."""
        return cls(*(int(total * share) for share in (0.5, 0.2, 0.2, 0.1)))

    @classmethod
    def from_environment(cls, memory: int | None) -> CacheBudgets:
        """Share what ATTNVIZ_CACHE_MB says, or else about a third of the computer's memory.

        Parameters
        ----------
        memory
            Bytes that this process may use; None if that is not known.

        Raises
        ------
        SettingError
            The variable holds something other than a number above zero.
        """
        text = os.environ.get(CACHE_VARIABLE, "").strip()
        if not text:
            return cls.of(_UNKNOWN if memory is None else min(int(memory * _SHARE), _MOST))
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not (math.isfinite(number) and number > 0):
            raise SettingError(
                f"{CACHE_VARIABLE} is set to {text[:40]!r}, which is not a number of megabytes. "
                "Set it to a number such as 2000, or unset it."
            )
        return cls.of(int(number * _MEGABYTE))
