"""Timing of alternatives in turn, so that a busy machine slows all of them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


def median_times(
    functions: Mapping[str, Callable[[], object]], *, repeats: int, warm_up: int = 2
) -> dict[str, float]:
    """Time several functions in turn.

    Parameters
    ----------
    functions
        By name; every round calls each of them once.
    repeats
        Timed rounds.
    warm_up
        Rounds before them that are not timed.

    Returns
    -------
    dict[str, float]
        Median seconds by name.
    """
    for _ in range(warm_up):
        for function in functions.values():
            function()
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(repeats):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


@dataclass(frozen=True)
class Budget:
    """A measured value and its limit.

    Attributes
    ----------
    name
        What was measured, with its unit where it is not a ratio.
    value
        The measured value.
    limit
        The largest value allowed, or the smallest if `at_least`.
    """

    name: str
    value: float
    limit: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the value is within its limit."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def line(self) -> str:
        """One row of a Markdown table."""
        sign = "≥" if self.at_least else "≤"
        verdict = "met" if self.met else "**missed**"
        return f"| {self.name} | {self.value:.2f} | {sign} {self.limit:g} | {verdict} |"


HEADER = "| measurement | value | budget | |\n|---|---|---|---|"
