"""Regions and their interactions as a graph over the photo."""

from __future__ import annotations

import base64
import html

import cv2
import numpy as np

from attnviz.evidence.interaction.regions import RegionInteractions
from attnviz.evidence.interaction.shapley import Interactions
from attnviz.pictures.geometry import PictureGeometry
from attnviz.types import BoolArray, IntArray, Pixels
from attnviz.ui.kit.inline_images import data_link
from attnviz.ui.kit.text import signed
from attnviz.ui.pages.evidence.region_matrix import MANY
from attnviz.ui.pages.evidence.region_pairs import REDUNDANCY, SYNERGY, RegionEdge, strongest_edges

_SIDE = 900


def region_graph(
    pixels: Pixels, geometry: PictureGeometry, result: RegionInteractions, label: str
) -> str:
    """Draw outlines, edges and nodes over the part of the photo that the network gets.

    Parameters
    ----------
    pixels : uint8 [H, W, 3]
        The photo.
    geometry : PictureGeometry
        Relates the photo to the network's input.
    result : RegionInteractions
        Regions and their interactions.
    label : str
        The target class, escaped here.

    Returns
    -------
    str
        HTML; numbers are in the tooltips.
    """
    height, width = pixels.shape[:2]
    step = max(1.0, max(height, width) / _SIDE)
    small = cv2.resize(
        pixels, (round(width / step), round(height / step)), interpolation=cv2.INTER_AREA
    )
    top, left, bottom, right = geometry.resized((height, width)).box
    style = (
        f"left:{100 * left / width:.3f}%;top:{100 * top / height:.3f}%;"
        f"width:{100 * (right - left) / width:.3f}%;height:{100 * (bottom - top) / height:.3f}%"
    )
    centres = _centres(result.labels)
    pairs = strongest_edges(result.interactions)
    tooltips = "".join(_edge_tooltip(edge, centres) for edge in reversed(pairs))
    nodes = "".join(
        _node(index, centre, result.interactions, label) for index, centre in enumerate(centres)
    )
    many = " av-many" if len(centres) > MANY else ""
    title = f"{len(centres)} regions of the photo, and {len(pairs)} interactions between them"
    return (
        f'<div class="av-regions{many}"><img alt="the photo" src="{data_link(small)}">'
        f'<div style="{style}"><img alt="{title}" src="{_drawing(result.labels, pairs, centres)}">'
        f"{tooltips}{nodes}</div></div>"
    )


def graph_legend(label: str) -> str:
    """Explain the lines and discs of the graph.

    Parameters
    ----------
    label : str
        The target class, escaped here.

    Returns
    -------
    str
        HTML.
    """
    name = html.escape(label)
    return (
        '<div class="av-legend av-keys">'
        f'<span><i style="border-top:4px solid {SYNERGY}"></i>need each other (synergy)</span>'
        f'<span><i style="border-top:4px dashed {REDUNDANCY}"></i>stand in for each other '
        "(redundancy)</span>"
        f'<span><b class="av-for"></b>raises the score of {name}</span>'
        f'<span><b class="av-against"></b>lowers it</span></div>'
    )


def _centres(labels: IntArray) -> list[tuple[float, float]]:
    """For each region the point (y, x) farthest from its border, in 0..1 of the input."""
    height, width = labels.shape
    centres = []
    for index in range(int(labels.max()) + 1):
        inside = np.pad((labels == index).astype(np.uint8), 1)
        far = cv2.distanceTransform(inside, cv2.DIST_L2, 5)[1:-1, 1:-1]
        # A strip has many such points: take the one nearest to their middle.
        rows, columns = np.nonzero(far >= far.max() - 0.5)
        middle = np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2)
        centres.append(((rows[middle] + 0.5) / height, (columns[middle] + 0.5) / width))
    return centres


def _drawing(labels: IntArray, pairs: list[RegionEdge], centres: list[tuple[float, float]]) -> str:
    """Outlines and edges as an SVG in a data: link."""
    height, width = labels.shape
    outlines = "".join(_outline(labels == index) for index in range(len(centres)))
    lines = "".join(_line(edge, pairs[0], centres, (height, width)) for edge in reversed(pairs))
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'preserveAspectRatio="none"><style>*{vector-effect:non-scaling-stroke;fill:none;'
        "stroke-linejoin:round;stroke-linecap:round}</style>"
        f'<g stroke="#000" stroke-opacity=".55" stroke-width="2.6">{outlines}</g>'
        f'<g stroke="#fff" stroke-opacity=".9" stroke-width="1.1">{outlines}</g>{lines}</svg>'
    )
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def _outline(inside: BoolArray) -> str:
    contours, _ = cv2.findContours(
        inside.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE, offset=(0, 0)
    )
    paths = (
        "M" + "L".join(f"{x + 0.5} {y + 0.5}" for x, y in contour[:, 0]) + "Z"
        for contour in contours
    )
    return f'<path d="{"".join(paths)}"/>'


def _line(
    edge: RegionEdge,
    strongest: RegionEdge,
    centres: list[tuple[float, float]],
    size: tuple[int, int],
) -> str:
    (y1, x1), (y2, x2) = centres[edge.first], centres[edge.second]
    ends = f'x1="{x1 * size[1]:.1f}" y1="{y1 * size[0]:.1f}" '
    ends += f'x2="{x2 * size[1]:.1f}" y2="{y2 * size[0]:.1f}"'
    thick = 2 + 7 * abs(edge.value / strongest.value)
    colour, dash = (SYNERGY, "") if edge.value > 0 else (REDUNDANCY, ' stroke-dasharray="9 8"')
    return (
        f'<line {ends} stroke="#fff" stroke-opacity=".85" stroke-width="{thick + 2.5:.1f}"/>'
        f'<line {ends} stroke="{colour}" stroke-width="{thick:.1f}"{dash}/>'
    )


def _edge_tooltip(edge: RegionEdge, centres: list[tuple[float, float]]) -> str:
    """An area in the middle of an edge whose tooltip gives its value."""
    (y1, x1), (y2, x2) = centres[edge.first], centres[edge.second]
    what = "need each other" if edge.value > 0 else "stand in for each other"
    title = f"Regions {edge.first + 1} and {edge.second + 1} {what}: "
    title += signed(edge.value, edge.error)
    return f'<i title="{title}" style="left:{50 * (x1 + x2):.2f}%;top:{50 * (y1 + y2):.2f}%"></i>'


def _node(index: int, centre: tuple[float, float], relations: Interactions, label: str) -> str:
    value, error = float(relations.shapley[index]), float(relations.shapley_error[index])
    most = float(np.abs(relations.shapley).max()) or 1.0
    side = "av-for" if value >= 0 else "av-against"
    title = html.escape(f"Region {index + 1}: {signed(value, error)} of the score of {label}")
    return (
        f'<b class="{side}" title="{title}" style="left:{100 * centre[1]:.2f}%;'
        f'top:{100 * centre[0]:.2f}%;--av-size:{(abs(value) / most) ** 0.5:.2f}">{index + 1}</b>'
    )
