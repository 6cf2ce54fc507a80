"""What the viewer shows: a picture and the maps of all layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from attnviz.analysis.explanation import Explanation
from attnviz.methods.base import Nature
from attnviz.methods.fuse import FUSED
from attnviz.pictures.geometry import PictureGeometry
from attnviz.types import FloatArray, Pixels

# A page with times has this once, before its viewers and charts: who goes to another time writes it
# here, and everybody hears the event "input". Nothing of it goes to the server.
CLOCK_INPUT = "#av-now"
CLOCK = '<input id="av-now" type="hidden" value="">'


@dataclass(frozen=True, eq=False)
class Layer:
    """One map: `values` float32 [h, w], absolute, on the layer's own grid.

    Attributes
    ----------
    fused
        Made of several layers; it has a scale of its own that no other layer shares.
    note
        What the scale of a fused layer means, if it is not a mean of all layers.
    """

    name: str
    values: FloatArray
    fused: bool = False
    note: str = ""


@dataclass(frozen=True, eq=False)
class Content:
    """A picture, uint8 [H, W, 3], with its maps in forward order.

    Attributes
    ----------
    geometry
        Which part of the picture the network saw, for a picture of this size.
    title
        What the maps are, in words ("Attention", "Relevance for a church").
    legend
        One sentence about their unit.
    shares
        Whether the values are shares in 0..1, so that an absolute scale makes sense.
    mattes
        float32 [H, W] in 0..1 for each layer, the field snapped to the object's outline, or None
        while nobody has asked for outlines.
    noun
        What a map belongs to, for the controls.
    quiet
        Whether the page ignores the controls' values; the browser then keeps them to itself.
    times
        When each map was taken, rising; the viewer then moves with the page's clock, see `CLOCK`.
    span
        The ends of the scale "all layers", where more than these maps shall share it.
    point
        A point that is marked on the picture, x and y in 0..1 from its left and top.
    """

    pixels: Pixels
    geometry: PictureGeometry
    layers: Sequence[Layer]
    title: str
    legend: str = ""
    shares: bool = False
    mattes: Sequence[FloatArray] | None = None
    noun: str = "Layer"
    quiet: bool = False
    times: Sequence[float] | None = None
    span: tuple[float, float] | None = None
    point: tuple[float, float] | None = None


def layer_names(explanation: Explanation) -> list[str]:
    """The layers that can be shown: all of them, and all of them fused."""
    return [*explanation.layers, *([FUSED] if len(explanation.layers) > 1 else [])]


def content_of(explanation: Explanation, mattes: Sequence[FloatArray] | None = None) -> Content:
    """What the viewer shows of an explanation: its layers, and all of them fused at the end."""
    method = explanation.choice.method
    layers = [
        Layer(name, explanation.map_of(name), fused=name == FUSED)
        for name in layer_names(explanation)
    ]
    relevance = method.nature is not Nature.ATTENTION and explanation.target is not None
    title = f"Relevance for {explanation.target.label}" if relevance else "Attention"  # type: ignore[union-attr]
    negative = " Negative values count as 0." if method.signed else ""
    return Content(
        explanation.picture.pixels,
        explanation.geometry,
        layers,
        title,
        f"{method.title}.{negative}",
        method.shares,
        mattes,
    )
