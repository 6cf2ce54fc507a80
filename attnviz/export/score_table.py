"""Scores as a table, in two forms."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TextTable:
    """A table of scores.

    Attributes
    ----------
    markdown : str
        As a page with what it rests on.
    csv : str
        As comma-separated values.
    """

    markdown: str
    csv: str
