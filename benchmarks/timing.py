"""Times of several ways to do a thing, taken in turn so that a busy machine slows all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


def median_times(
    works: Mapping[str, Callable[[], object]], *, repeats: int, warm_up: int = 2
) -> dict[str, float]:
    """Median seconds of each work over `repeats` rounds; every round runs each of them once."""
    for _ in range(warm_up):
        for work in works.values():
            work()
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


@dataclass(frozen=True)
class Budget:
    """A measured ratio and the most (or least) that it may be."""

    work: str
    ratio: float
    limit: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the ratio keeps within its limit."""
        return self.ratio >= self.limit if self.at_least else self.ratio <= self.limit

    def line(self) -> str:
        """One row of a Markdown table."""
        sign = "≥" if self.at_least else "≤"
        verdict = "met" if self.met else "**missed**"
        return f"| {self.work} | {self.ratio:.2f} | {sign} {self.limit:g} | {verdict} |"


HEADER = "| work | ratio | budget | |\n|---|---|---|---|"
