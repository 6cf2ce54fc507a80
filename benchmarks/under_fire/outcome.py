"""What became of work under fire."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")
HEADER = "| what | times | ends | as it should | left over |\n|---|---|---|---|---|"


@dataclass
class Outcome:
    """One line of the table.

    Attributes
    ----------
    name
        What was done, and to what.
    times
        How often.
    ends
        How often the work then came to its end.
    problems
        What was not as it should be.
    left
        Temporary files that stayed behind.
    """

    name: str
    times: int = 0
    ends: int = 0
    problems: list[str] = field(default_factory=list)
    left: int = 0

    def expect(self, right: bool, problem: str) -> None:
        """Note a problem unless something is right."""
        if not right:
            self.problems.append(problem)

    def checked(self, check: Callable[[], T]) -> T | None:
        """Return what a check returns; None if it fails, which is noted."""
        try:
            return check()
        except Exception as error:  # whatever it is, it is the finding
            self.problems.append(f"{type(error).__name__}: {error}")
            return None

    def row(self) -> str:
        """The line of the table, and one more for each problem."""
        verdict = "yes" if not self.problems else "NO"
        line = f"| {self.name} | {self.times} | {self.ends} | {verdict} | {self.left} |"
        return "\n".join([line, *(f"  {problem}" for problem in self.problems)])
