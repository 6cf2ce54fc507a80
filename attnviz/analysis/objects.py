"""Objects that a network's features show, without labels."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from attnviz.analysis.inference import check_logits, run_inference
from attnviz.methods.inference import Inference, MethodResult
from attnviz.methods.normalised_cut import NormalisedCut
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture, PictureSource, as_picture
from attnviz.pictures.geometry import PictureGeometry
from attnviz.types import BoolArray

Corners = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels of the picture."""


@dataclass(frozen=True, eq=False)
class FoundObject:
    """One object of a picture.

    Attributes
    ----------
    mask
        bool [h, w], on the grid of the network's patches.
    box
        Left, top, right and bottom of the mask, in pixels of the picture.
    """

    mask: BoolArray
    box: Corners

    def __repr__(self) -> str:
        """Say where it is, in a line."""
        left, top, right, bottom = self.box
        share = 100 * float(self.mask.mean())
        return (
            f"<FoundObject at ({left:.0f}, {top:.0f}, {right:.0f}, {bottom:.0f}), "
            f"{share:.0f}% of the patches>"
        )


@dataclass(frozen=True, eq=False)
class FoundObjects:
    """The objects of a picture.

    Attributes
    ----------
    objects
        In the order in which they were found; none where all patches are alike.
    geometry
        How the network's input was taken from the picture.
    notes
        Sentences for the user, such as a retry on a smaller input.
    """

    objects: tuple[FoundObject, ...]
    geometry: PictureGeometry
    notes: tuple[str, ...] = field(default=())

    def __repr__(self) -> str:
        """Say how many there are, in a line."""
        corners = (tuple(map(round, one.box)) for one in self.objects)
        boxes = ", ".join(map(str, corners))
        return f"<FoundObjects: {len(self.objects)}{', at ' if boxes else ''}{boxes}>"


def objects(model: VisionModel, picture: Picture | PictureSource, count: int = 3) -> FoundObjects:
    """Find objects in a picture without labels, by a normalised cut on the features of its patches.

    One forward pass. Thread-safe, and retried once if memory runs out, as `explain` is.

    Parameters
    ----------
    model
        From `load_model` or `wrap`: any that has patch tokens or a feature map; those that learned
        without labels, such as DINOv2, find things best.
    picture
        From `open_picture`, or anything that it opens, such as a path.
    count
        How many objects at most.

    Returns
    -------
    FoundObjects

    Raises
    ------
    PictureError
        The picture cannot be opened.
    NoSitesError
        No module of the network returns features that have positions.
    ModelError, OutOfMemoryError
        As `explain`.

    Examples
    --------
    >>> from attnviz.models.loading import load_model
    >>> from attnviz.pictures import open_sample
    >>> found = objects(load_model("ran-small", "cpu"), open_sample("astronaut"))
    >>> found.objects[0].mask.shape
    (5, 5)
    """
    picture = as_picture(picture)
    method = NormalisedCut(objects=count)

    def work(inference: Inference) -> tuple[MethodResult, PictureGeometry]:
        return method.run(inference), inference.geometry

    (result, geometry), notes = run_inference(model, picture, work)
    check_logits(model, result.logits)
    masks = [maps.values[0] > 0 for maps in result.layer_maps]
    objects = tuple(FoundObject(mask, box_of(mask, geometry)) for mask in masks if mask.any())
    return FoundObjects(objects, geometry, (*picture.notes, *notes))


def box_of(mask: BoolArray, geometry: PictureGeometry) -> Corners:
    """Return the box around a mask.

    Parameters
    ----------
    mask
        bool [h, w] over the network's input, true somewhere.
    geometry
        How the network's input was taken from the picture.

    Returns
    -------
    tuple of float
        Left, top, right and bottom in pixels of the picture.
    """
    top, left, bottom, right = geometry.box
    height, width = (bottom - top) / mask.shape[0], (right - left) / mask.shape[1]
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    picture_height, picture_width = geometry.picture_size
    return (
        max(left + width * float(columns[0]), 0.0),
        max(top + height * float(rows[0]), 0.0),
        min(left + width * float(columns[-1] + 1), float(picture_width)),
        min(top + height * float(rows[-1] + 1), float(picture_height)),
    )
