"""Curves as SVG: where points lie, worked by hand."""

from __future__ import annotations

import re

from attnviz.export.finding import Chart, Curve
from attnviz.export.report_page.chart import line_chart


def points(svg: str) -> list[list[tuple[float, float]]]:
    """The curves' points, in the order in which they are drawn."""
    return [
        [(float(x), float(y)) for x, y in (pair.split(",") for pair in found.split())]
        for found in re.findall(r'points="([^"]*)"', svg)
    ]


def test_corners_of_the_axes() -> None:
    """560 x 280: 48 left, 12 right, 10 above and 44 below the axes."""
    svg = line_chart(Chart((Curve("a", (0, 0.5, 1), (0, 1, 0.25)),), "Share"))
    assert points(svg) == [[(48, 236), (298, 10), (548, 179.5)]]


def test_other_ranges_and_what_leaves_them() -> None:
    chart = Chart((Curve("a", (2, 4), (-9, 9)),), "x", "y", x_range=(2, 6), y_range=(-4, 4))
    assert points(line_chart(chart)) == [[(48, 236), (298, 10)]]
    numbers = re.findall(r">(-?[\d.]+)</text>", line_chart(chart))
    assert numbers == ["2", "3", "4", "5", "6", "-4", "-2", "0", "2", "4"]


def test_the_first_curve_lies_on_top_and_all_are_named() -> None:
    curves = tuple(
        Curve(name, (0, 1), (n / 4, n / 4)) for n, name in enumerate(("own", "<b>", "c"))
    )
    svg = line_chart(Chart(curves, "Share", "Score"))
    assert [line[0][1] for line in points(svg)] == [123.0, 179.5, 236.0], "the last one first"
    assert re.findall(r"</svg>([^<]+)</li>", svg) == ["own", "&lt;b&gt;", "c"]
    assert "<b>" not in svg
    assert 'aria-label="Score against Share. own: 0.00 to 0.00; &lt;b&gt;: 0.25 to 0.25' in svg


def test_curves_differ_without_colours() -> None:
    curves = tuple(Curve(str(n), (0, 1), (0, 1)) for n in range(4))
    strokes = re.findall(
        r'<polyline class="c\d" stroke-dasharray="([^"]*)"', line_chart(Chart(curves, "x"))
    )
    assert len(set(strokes)) == 4
