"""Formatting of words, numbers and durations."""

from __future__ import annotations

import math


def with_article(label: str) -> str:
    """Put "a" or "an" before a label: `"church"` -> `"a church"`."""
    return f"{'an' if label[:1].lower() in 'aeiou' else 'a'} {label}"


def signed(value: float, error: float = 0.0) -> str:
    """Format a number with its sign, and with its error if that is above 0.

    Parameters
    ----------
    value, error : float
        The number and its standard error.

    Returns
    -------
    str
        Two decimals, or more for small numbers.

    Examples
    --------
    >>> signed(0.42)
    '+0.42'
    """
    largest = max(abs(value), error)
    decimals = 2
    if 0 < largest < 0.005:  # two decimals would give 0.00
        decimals = min(1 - math.floor(math.log10(largest)), 5)
    text = f"{round(value, decimals) + 0.0:+.{decimals}f}".replace("-", "\N{MINUS SIGN}")
    return f"{text} ± {error:.{decimals}f}" if error > 0 else text


def duration(seconds: float) -> str:
    """Format a duration: `42` -> `"42 s"`, `600` -> `"10 min"`, `9000` -> `"2.5 h"`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
