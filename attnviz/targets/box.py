"""A box of the picture: why does the model find this here, or why does it not?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import torch
from torch import Tensor

from attnviz.errors import TargetError
from attnviz.methods.inference import Inference
from attnviz.models.outputs.overlap import Edges
from attnviz.models.vision_model import VisionModel
from attnviz.pictures.geometry import PictureGeometry
from attnviz.targets.base import TARGETS, Part, TextContext
from attnviz.targets.place import checked_numbers, in_words, shares, written
from attnviz.targets.place_score import SeenPlace
from attnviz.targets.place_target import PlaceTarget, as_label

_EDGES = ("x0", "y0", "x1", "y1")


@TARGETS.add
@dataclass(frozen=True)
class Box(PlaceTarget):
    """A box, and the class that a detector or a segmenter sees in it.

    Parameters
    ----------
    x0, y0, x1, y1
        Left, top, right and bottom edge, in 0..1 of the picture's width and height.
    label
        Class, by index or label; None for that of the thing found that overlaps the box most. With
        a class it may also be a box in which nothing was found.

    Notes
    -----
    Of a detector, S = log q / (1 - q) with q = max over the things j found of IoU(box, box_j)
    p_j(c), where c is the class and p_j its probability; gradients flow through p_j alone. With
    random masks q is that of D-RISE (Petsiuk et al., CVPR 2021, arXiv 2006.03204), with the class's
    probability in the place of the cosine of all classes' probabilities. Where torchvision's
    detectors find nothing that overlaps the box by half, j are their anchors or proposals, found
    or not, that overlap it by half or the most: so a miss has gradients too. Of a segmenter, S is
    the mean of the class's log-odds in the box.

    Examples
    --------
    >>> Box(0.1, 0.2, 0.5, 0.75, "dog").text()
    '.1,.2,.5,.75,dog'
    """

    x0: float
    y0: float
    x1: float
    y1: float
    label: int | str | None = None

    name: ClassVar[str] = "box"
    title: ClassVar[str] = "a box of the picture"
    parts: ClassVar[Mapping[str, Part]] = {
        **dict.fromkeys(_EDGES, Part.SHARE),
        "label": Part.FOUND_CLASS,
    }

    def __post_init__(self) -> None:
        edges = checked_numbers("A box", self.x0, self.y0, self.x1, self.y1)
        told = ", ".join(f"{edge:g}" for edge in edges)
        if not all(0 <= edge <= 1 for edge in edges):  # also of NaN
            raise TargetError(
                f"The box {told} reaches beyond the picture. Give left, top, right and bottom as "
                "shares of its width and height, in 0..1."
            )
        for name, edge in zip(_EDGES, edges, strict=True):
            object.__setattr__(self, name, round(float(edge), 4))
        if self.x0 >= self.x1 or self.y0 >= self.y1:
            raise TargetError(
                f"The box {told} has no area. Give left, top, right and bottom, the left edge "
                "before the right one, and the top before the bottom."
            )

    @classmethod
    def parse(cls, text: str, context: TextContext) -> Self:
        """See `Target`."""
        parts = text.split(",", 4)
        form = "box:.1,.2,.5,.75 or box:.1,.2,.5,.75,dog: left, top, right, bottom in 0..1, class"
        left, top, right, bottom = shares(",".join(parts[:4]), 4, form)
        return cls(left, top, right, bottom, as_label(parts[4:], context))

    def text(self) -> str:
        """See `Target`."""
        label = "" if self.label is None else f",{self.label}"
        return written(self.x0, self.y0, self.x1, self.y1) + label

    def words(self, model: VisionModel) -> str:
        """See `Target`."""
        middle = (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2
        return f"{self.asked_class(model)} in the box {in_words(*middle)}"

    def resolved(self, model: VisionModel) -> Box:
        """See `Target`."""
        index = self.index(model)
        return self if index is None else replace(self, label=model.own_label(index))

    def seen(self, inference: Inference) -> SeenPlace:
        """See `PlaceTarget`."""
        edges = self._edges(inference.geometry)
        return SeenPlace(edges, _inside(edges, inference.geometry.input_size), self.told, box=True)

    @property
    def told(self) -> str:
        """What to call it in a message."""
        return f"the box {written(self.x0, self.y0, self.x1, self.y1)}"

    def _edges(self, geometry: PictureGeometry) -> Edges:
        """The part of the box that the network sees, in pixels of the input."""
        height, width = geometry.picture_size
        top, left = geometry.to_input(self.y0 * height, self.x0 * width)
        bottom, right = geometry.to_input(self.y1 * height, self.x1 * width)
        rows, columns = geometry.input_size
        edges = max(left, 0.0), max(top, 0.0), min(right, columns), min(bottom, rows)
        if edges[0] >= edges[2] or edges[1] >= edges[3]:
            raise TargetError(
                f"The network does not see {self.told}: its input leaves out the edges of the "
                "picture. Choose a box nearer to the middle."
            )
        return edges


def _inside(edges: Edges, size: tuple[int, int]) -> Tensor:
    """float32 [h, w]: the share of each pixel of the input that is inside a box."""
    left, top, right, bottom = edges
    down, across = (
        (high - torch.arange(length)).clamp(0, 1) - (low - torch.arange(length)).clamp(0, 1)
        for low, high, length in ((top, bottom, size[0]), (left, right, size[1]))
    )
    return down[:, None] * across
