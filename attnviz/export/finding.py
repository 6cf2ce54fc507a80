"""What was found out about a map, as plain text, curves and pictures for a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from attnviz.types import Pixels


@dataclass(frozen=True)
class Curve:
    """A line in a chart.

    Attributes
    ----------
    name : str
        Of what is drawn.
    xs, ys : sequence of float
        Its points, from left to right.
    """

    name: str
    xs: Sequence[float]
    ys: Sequence[float]


@dataclass(frozen=True)
class Chart:
    """Curves over one axis.

    Attributes
    ----------
    curves : tuple of Curve
        The first is the one that matters, the others are there for comparison.
    x_title, y_title : str
        Of the axes.
    x_range, y_range : (float, float)
        Ends of the axes.
    """

    curves: tuple[Curve, ...]
    x_title: str
    y_title: str = "Probability"
    x_range: tuple[float, float] = (0.0, 1.0)
    y_range: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True, eq=False)
class Finding:
    """A question about a map, and its answer.

    Attributes
    ----------
    title : str
        The question, or its name.
    headline : str
        The answer in one sentence, as plain text.
    details : tuple of str
        Sentences that qualify it.
    charts : tuple of Chart
        What it rests on.
    pictures : tuple of (str, uint8 [H, W, 3])
        Captions and pictures.
    """

    title: str
    headline: str
    details: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    pictures: tuple[tuple[str, Pixels], ...] = ()
