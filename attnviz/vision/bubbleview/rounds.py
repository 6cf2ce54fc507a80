"""One observer's round with one picture: the task, and where they clicked when.

What a browser or a file says of a round is untrusted until `parse_round` has read it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from attnviz.errors import VisionError
from attnviz.pictures.names import visible
from attnviz.vision.bubbleview.bubbles import BubbleCentre

MOST_CLICKS = 30
MOST_MS = 3_600_000.0
MOST_ANSWER = 80
LEAST_CLICKS = 2


class Task(StrEnum):
    """The observer's task, which decides which map it is fair to compare with.

    TELL: identify the picture; a network does the same, and its map is what its decision rests on.
    LOOK: view freely; its map is what it attends to.
    """

    TELL = "tell"
    LOOK = "look"


class Click(NamedTuple):
    """A bubble that was opened: its position as shares of the picture, and ms after the start."""

    y: float
    x: float
    ms: float

    @property
    def centre(self) -> BubbleCentre:
        """The bubble's centre."""
        return BubbleCentre(self.y, self.x)


@dataclass(frozen=True)
class Round:
    """A round that was played.

    Attributes
    ----------
    task : Task
    clicks : tuple of Click
        In order, all inside the picture.
    ms : float
        Duration of the round.
    outside : int
        Number of clicks outside the picture, which were left out.
    answer : str
        What the observer identified; untrusted text.
    seen : bool
        Whether they had played on this picture before, and so knew it.
    """

    task: Task
    clicks: tuple[Click, ...]
    ms: float
    outside: int = 0
    answer: str = ""
    seen: bool = False

    @property
    def centres(self) -> tuple[BubbleCentre, ...]:
        """The bubbles' centres."""
        return tuple(click.centre for click in self.clicks)

    @property
    def open_ms(self) -> tuple[float, ...]:
        """How long each bubble was open: until the next one, or the end of the round."""
        ends = [*(click.ms for click in self.clicks[1:]), self.ms]
        return tuple(end - click.ms for click, end in zip(self.clicks, ends, strict=True))


def parse_round(value: Any, task: Task, *, seen: bool = False) -> Round:
    """Validate a round, `{"clicks": [[y, x, ms], ...], "ms": number, "answer": text}`.

    y, x are shares of the picture; a click outside 0..1, 1 excluded, is counted and left out.

    Parameters
    ----------
    value : object
        Untrusted, such as parsed JSON.
    task : Task
    seen : bool
        Whether the observer knew the picture.

    Returns
    -------
    Round

    Raises
    ------
    VisionError
        For anything else: too many clicks, times that run backwards, NaN.
    """
    if not isinstance(value, Mapping):
        raise _invalid("it is not a round")
    listed = value.get("clicks")
    if not isinstance(listed, list) or len(listed) > MOST_CLICKS:
        raise _invalid(f"it does not contain at most {MOST_CLICKS} clicks")
    clicks = [_click(record) for record in listed]
    total = _number(value.get("ms"))
    times = [0.0, *(click.ms for click in clicks), total]
    if sorted(times) != times or total > MOST_MS:
        raise _invalid("its times run backwards")
    inside = tuple(click for click in clicks if 0 <= click.y < 1 and 0 <= click.x < 1)
    answer = value.get("answer", "")
    if not isinstance(answer, str):
        raise _invalid("its answer is not text")
    return Round(
        task=task,
        clicks=inside,
        ms=total,
        outside=len(clicks) - len(inside),
        answer=visible(answer, MOST_ANSWER),
        seen=seen,
    )


def _click(value: Any) -> Click:
    if not isinstance(value, list) or len(value) != 3:
        raise _invalid("a click does not have three numbers")
    return Click(*map(_number, value))


def _number(value: Any) -> float:
    # bool is a subclass of int in Python, and an integer can exceed any float.
    if type(value) not in (int, float) or not abs(value) < 1e9 or not math.isfinite(value):
        raise _invalid("it contains something other than plain numbers")
    return float(value)


def _invalid(reason: str) -> VisionError:
    return VisionError(f"This round cannot be used: {reason}. Play it again.")
