"""Small sentences."""

from __future__ import annotations

import math


def with_article(label: str) -> str:
    """`"church"` -> `"a church"`, `"English springer"` -> `"an English springer"`."""
    return f"{'an' if label[:1].lower() in 'aeiou' else 'a'} {label}"


def signed(value: float, error: float = 0.0) -> str:
    """`0.42` -> `"+0.42"`, `-0.42` with an error -> `"−0.42 ± 0.05"`; small: more digits."""
    largest = max(abs(value), error)
    decimals = 2
    if 0 < largest < 0.005:  # two would leave nothing of it
        decimals = min(1 - math.floor(math.log10(largest)), 5)
    text = f"{round(value, decimals) + 0.0:+.{decimals}f}".replace("-", "\N{MINUS SIGN}")
    return f"{text} ± {error:.{decimals}f}" if error > 0 else text


def duration(seconds: float) -> str:
    """`42` -> `"42 s"`, `600` -> `"10 min"`, `9000` -> `"2.5 h"`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
