"""Curves as SVG: it scales, prints as lines, and takes the page's colours, light or dark."""

from __future__ import annotations

from html import escape

import numpy as np

from attnviz.export.finding import Chart, Curve

_WIDTH, _HEIGHT = 560, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 12, 10, 44
# Told apart by their strokes as well: a report may be printed without colours.
_STROKES = ("", "7 4", "2 3", "10 3 2 3", "1 5")


def line_chart(chart: Chart) -> str:
    """Draw curves.

    Parameters
    ----------
    chart : Chart
        At least one curve with two points; what leaves the axes is cut off.

    Returns
    -------
    str
        HTML: the SVG and its legend.
    """
    lines = "".join(
        f'<polyline class="c{number}" stroke-dasharray="{_stroke(number)}" '
        f'points="{_points(chart, curve)}"/>'
        for number, curve in reversed(list(enumerate(chart.curves)))
    )
    names = "".join(
        f'<li><svg class="key" viewBox="0 0 30 8" aria-hidden="true"><path class="c{number}" '
        f'stroke-dasharray="{_stroke(number)}" d="M0 4h30"/></svg>{escape(curve.name)}</li>'
        for number, curve in enumerate(chart.curves)
    )
    said = "; ".join(f"{one.name}: {one.ys[0]:.2f} to {one.ys[-1]:.2f}" for one in chart.curves)
    return (
        f'<div class="chart"><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{escape(f"{chart.y_title} against {chart.x_title}. {said}")}">'
        f"{_axes(chart)}{lines}</svg><ul>{names}</ul></div>"
    )


def _stroke(number: int) -> str:
    return _STROKES[number % len(_STROKES)]


def _points(chart: Chart, curve: Curve) -> str:
    low, high = chart.y_range
    return " ".join(
        f"{_across(chart, x):.1f},{_down(chart, min(max(y, low), high)):.1f}"
        for x, y in zip(curve.xs, curve.ys, strict=True)
    )


def _across(chart: Chart, x: float) -> float:
    low, high = chart.x_range
    return _LEFT + (x - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT)


def _down(chart: Chart, y: float) -> float:
    low, high = chart.y_range
    return _HEIGHT - _BOTTOM - (y - low) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)


def _axes(chart: Chart) -> str:
    """A grid with numbers, and the axes' titles."""
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    parts = []
    for x in np.linspace(*chart.x_range, 5):
        at = _across(chart, float(x))
        parts.append(f'<path class="grid" d="M{at:.1f} {_TOP}V{bottom}"/>')
        parts.append(f'<text x="{at:.1f}" y="{bottom + 16}" text-anchor="middle">{x:.4g}</text>')
    for y in np.linspace(*chart.y_range, 5):
        at = _down(chart, float(y))
        parts.append(f'<path class="grid" d="M{_LEFT} {at:.1f}H{right}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{y:.4g}</text>')
    middle = (_LEFT + right) / 2
    parts.append(
        f'<text x="{middle}" y="{_HEIGHT - 6}" text-anchor="middle">{escape(chart.x_title)}</text>'
    )
    height = (_TOP + bottom) / 2
    parts.append(
        f'<text transform="translate(12 {height}) rotate(-90)" text-anchor="middle">'
        f"{escape(chart.y_title)}</text>"
    )
    return "".join(parts)
