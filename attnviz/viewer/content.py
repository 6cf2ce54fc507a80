"""Content of the viewer: a picture and the maps of all layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from attnviz.pictures.geometry import PictureGeometry
from attnviz.pictures.jpeg import read_jpeg
from attnviz.pictures.names import file_stem
from attnviz.render.focus import FocusSettings, Scale, focus_map
from attnviz.render.object_matte import object_matte, object_mattes
from attnviz.render.pointed import POINTED
from attnviz.types import FloatArray, Pixels
from attnviz.words import FUSED

if TYPE_CHECKING:
    from attnviz.analysis.explanation import Explanation

# A page with times has this element once, before its viewers and charts: whichever changes the time
# writes it here, and the others listen for the event "input". The server is not involved.
CLOCK_INPUT = "#av-now"
CLOCK = '<input id="av-now" type="hidden" value="">'


@dataclass(frozen=True, eq=False)
class Layer:
    """The map of one layer.

    Attributes
    ----------
    name : str
        Name of the layer.
    values : float32 [h, w]
        Absolute values on the layer's own grid.
    fused : bool
        Whether the map combines several layers; its scale is then shared with no other layer.
    note : str
        Meaning of a fused map's scale, if it is not a mean of all layers.
    title : str
        Kind of the map, if it is another than that of the content.
    """

    name: str
    values: FloatArray
    fused: bool = False
    note: str = ""
    title: str = ""


@dataclass(frozen=True, eq=False)
class Content:
    """A picture with its maps.

    Attributes
    ----------
    pixels : uint8 [H, W, 3]
        The picture, sRGB.
    geometry : PictureGeometry
        Which part of the picture the network sees, for a picture of this size.
    layers : sequence of Layer
        The maps in forward order.
    title : str
        Kind of the maps ("Attention", "Relevance for a church").
    legend : str
        One sentence about their unit.
    shares : bool
        Whether the values are shares in 0..1, so that an absolute scale is meaningful.
    mattes : sequence of float32 [H, W], optional
        For each layer the field in 0..1 snapped to the object's outline; None until the user turns
        outlines on.
    noun : str
        What each map belongs to, for labels of the controls.
    quiet : bool
        Whether the page ignores the controls; the browser then does not send their values.
    times : sequence of float, optional
        Increasing times of the maps; the viewer then follows the page's clock, see `CLOCK`.
    span : (float, float), optional
        Ends of the scale "all layers", if it is shared with maps outside this content.
    point : (float, float), optional
        A point to mark on the picture, x and y in 0..1 from its left and top.
    name : str
        Name of the photo for what is shared of it; empty if nothing is to be shared.
    folds : bool
        Whether phones show only the picture at first, and layers and lens on demand.
    frames : sequence of bytes, optional
        The picture of each map as JPEG, for a video; `pixels` is the first, all have its size. They
        are sent at once, so that stepping and playing ask nobody.
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
    name: str = ""
    folds: bool = False
    frames: Sequence[bytes] | None = None

    def pixels_of(self, index: int) -> Pixels:
        """The picture of a map: uint8 [H, W, 3]."""
        return self.pixels if self.frames is None else read_jpeg(self.frames[index])


def layer_names(explanation: Explanation) -> list[str]:
    """Return the names of all layers, of the fused map if there are several, and of a point."""
    fused = [FUSED] if len(explanation.layers) > 1 else []
    return [*explanation.layers, *fused, *([] if explanation.pointed is None else [POINTED])]


def with_mattes(content: Content) -> Content:
    """Return the content with the matte of the object that suits each layer."""
    scale = Scale.LAYER if content.span is None else Scale.ALL_LAYERS
    settings = FocusSettings(scale=scale)
    fields = [
        focus_map(layer.values, content.geometry, settings, value_range=content.span).scaled
        for layer in content.layers
    ]
    if content.frames is None:
        return replace(content, mattes=object_mattes(content.pixels, fields))
    mattes = [object_matte(content.pixels_of(index), one) for index, one in enumerate(fields)]
    return replace(content, mattes=mattes)


def pointed_layer(values: FloatArray) -> Layer:
    """Return the layer of a map around a point that the visitor chose."""
    return Layer(POINTED, values, True, "Around the point that you chose", "Around the point")


def content_of(explanation: Explanation) -> Content:
    """Prepare an explanation for the viewer.

    Parameters
    ----------
    explanation : Explanation
        Gives picture and maps; the fused map comes last.

    Returns
    -------
    Content
        All maps, with title and legend; to be shared under the photo's name.
    """
    method = explanation.choice.method
    layers = [
        Layer(name, explanation.map_of(name), fused=name == FUSED)
        for name in layer_names(explanation)
        if name != POINTED
    ]
    if explanation.pointed is not None:
        layers.append(pointed_layer(explanation.pointed))
    negative = " Negative values count as 0." if method.signed else ""
    return Content(
        explanation.picture.pixels,
        explanation.geometry,
        layers,
        explanation.title,
        f"{method.title}.{negative}",
        method.shares,
        point=explanation.point,
        name=file_stem(explanation.picture.name),
        folds=True,
    )
