"""One person's round with one picture: what was asked, and where they clicked when.

What a browser or a file says of a round is hostile until `parse_round` has read it.
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
    """What the person is asked to do, which decides the map that is fair to compare with.

    TELL: to tell what it is; a network does the same, and its map is what the decision rests on.
    LOOK: to look freely; its map is what it attends to.
    """

    TELL = "tell"
    LOOK = "look"


class Click(NamedTuple):
    """A bubble that was opened: where, as shares of the picture, and ms after the start."""

    y: float
    x: float
    ms: float

    @property
    def place(self) -> BubbleCentre:
        """Where."""
        return BubbleCentre(self.y, self.x)


@dataclass(frozen=True)
class Round:
    """A round that was played.

    clicks: in order, all inside the picture. ms: how long the round took. outside: clicks that lay
    outside the picture and were left out. answer: what the person thinks it is, as hostile as any
    text. seen: whether they had played on this picture before, and so knew it.
    """

    task: Task
    clicks: tuple[Click, ...]
    ms: float
    outside: int = 0
    answer: str = ""
    seen: bool = False

    @property
    def places(self) -> tuple[BubbleCentre, ...]:
        """Where the bubbles were."""
        return tuple(click.place for click in self.clicks)

    @property
    def open_ms(self) -> tuple[float, ...]:
        """How long each bubble was open: until the next one, or the round's end."""
        ends = [*(click.ms for click in self.clicks[1:]), self.ms]
        return tuple(end - click.ms for click, end in zip(self.clicks, ends, strict=True))


def parse_round(value: Any, task: Task, *, seen: bool = False) -> Round:
    """A round out of `{"clicks": [[y, x, ms], ...], "ms": number, "answer": text}`.

    y, x: shares of the picture; a click that is not in 0..1, 1 excluded, is counted and left out.

    Raises VisionError for anything else: too many clicks, times that run backwards, NaN.
    """
    if not isinstance(value, Mapping):
        raise _nonsense("it is no round")
    listed = value.get("clicks")
    if not isinstance(listed, list) or len(listed) > MOST_CLICKS:
        raise _nonsense(f"it does not hold at most {MOST_CLICKS} clicks")
    clicks = [_click(one) for one in listed]
    total = _number(value.get("ms"))
    times = [0.0, *(click.ms for click in clicks), total]
    if sorted(times) != times or total > MOST_MS:
        raise _nonsense("its times do not run forwards")
    inside = tuple(one for one in clicks if 0 <= one.y < 1 and 0 <= one.x < 1)
    answer = value.get("answer", "")
    if not isinstance(answer, str):
        raise _nonsense("its answer is no text")
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
        raise _nonsense("a click has not three numbers")
    return Click(*map(_number, value))


def _number(value: Any) -> float:
    # bool is a kind of int in Python, and an integer can be beyond any float.
    if type(value) not in (int, float) or not abs(value) < 1e9 or not math.isfinite(value):
        raise _nonsense("it holds something other than plain numbers")
    return float(value)


def _nonsense(why: str) -> VisionError:
    return VisionError(f"What came back of this round cannot be used: {why}. Play it once more.")
