"""What a network knows of each patch of a picture: its features, compared by angle and variance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from attnviz.analysis.inference import run_inference
from attnviz.analysis.provenance import pass_provenance
from attnviz.capture.discovery.final_features import final_features
from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.feature_pass import read_features
from attnviz.capture.grids import cell_of
from attnviz.capture.site import Kind, Site
from attnviz.errors import FocusError, ModelError, UnknownNameError
from attnviz.methods.inference import Inference
from attnviz.metrics.feature_space import PrincipalBasis, cosine_similarity, principal_basis
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture, PictureSource, as_picture
from attnviz.pictures.geometry import PictureGeometry
from attnviz.types import FloatArray


@dataclass(frozen=True, eq=False)
class PatchFeatures:
    """The features of each patch of a picture, from one layer of a network.

    Attributes
    ----------
    values
        float32 [h, w, C]: a vector for each patch, or for each cell of a feature map. Class tokens
        and registers, which have no position, are not among them.
    layer
        Name of the layer.
    geometry
        How the network's input was taken from the picture.
    picture
        The picture.
    notes
        Sentences for the user, such as a retry on a smaller input.
    provenance
        Model, weights, input, layer and picture.
    """

    values: FloatArray
    layer: str
    geometry: PictureGeometry
    picture: Picture
    notes: tuple[str, ...] = field(default=())
    provenance: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Say of what and how many, in a line."""
        rows, columns, size = self.values.shape
        return (
            f"<PatchFeatures of {self.picture.name!r} at {self.layer!r}: "
            f"{rows} x {columns} patches of {size} numbers>"
        )

    def patch_at(self, x: float, y: float) -> tuple[int, int]:
        """Return the row and column of the patch at a point of the picture.

        Parameters
        ----------
        x, y
            0..1 of the picture's width and height, from the left and from the top.

        Returns
        -------
        tuple of int
            Row and column in `values`.

        Raises
        ------
        FocusError
            The network does not see that point.
        """
        point = self.geometry.input_point(x, y)
        if point is None:
            raise FocusError(
                f"The network does not see the point ({x:g}, {y:g}) of {self.picture.name}. Give x "
                "and y in 0..1 of the picture; of some models the edges are cropped."
            )
        return cell_of(point, (self.values.shape[0], self.values.shape[1]))

    def similarity(self, x: float, y: float, other: PatchFeatures | None = None) -> FloatArray:
        """Return how alike the patch at a point is to all patches of this or another picture.

        Parameters
        ----------
        x, y
            The point, in 0..1 of this picture's width and height.
        other
            Features of another picture from the same layer of the same model; this picture if None.

        Returns
        -------
        FloatArray
            float32 [h, w] in -1..1, cosines of angles between features.

        Raises
        ------
        FocusError
            The network does not see that point, or the features do not compare.
        """
        return cosine_similarity(
            self.values[self.patch_at(x, y)], (self if other is None else other).values
        )

    def principal_components(
        self, count: int = 3, *, together: Sequence[PatchFeatures] = ()
    ) -> FloatArray:
        """Return where the patches lie along the axes along which they differ most.

        Parameters
        ----------
        count
            How many axes.
        together
            Features of other pictures: the axes are then those of all patches of all pictures, in
            any order, and the values can be compared between them.

        Returns
        -------
        FloatArray
            float32 [h, w, count], the axis with the largest variance first.

        Raises
        ------
        FocusError
            The features come from different layers or models, or there is no such count.
        """
        return shared_basis((self, *together), count).components(self.values)


def shared_basis(pictures: Sequence[PatchFeatures], count: int = 3) -> PrincipalBasis:
    """Find the principal axes of the features of several pictures.

    Parameters
    ----------
    pictures
        Their features, from the same layer of the same model.
    count
        How many axes.

    Returns
    -------
    PrincipalBasis

    Raises
    ------
    FocusError
        The features have different lengths.
    """
    lengths = sorted({one.values.shape[-1] for one in pictures})
    if len(lengths) > 1:
        raise FocusError(
            f"Features of {lengths[0]} and of {lengths[-1]} numbers have no axes in common. Take "
            "all from the same layer of the same model."
        )
    return principal_basis(
        np.concatenate([one.values.reshape(-1, lengths[0]) for one in pictures]), count
    )


def features(
    model: VisionModel, picture: Picture | PictureSource, layer: str | None = None
) -> PatchFeatures:
    """Return the features of each patch of a picture.

    One forward pass; the first time a network is used, some more find its layers. Thread-safe:
    passes on one model wait for each other. If memory runs out, the pass is retried once, on a
    smaller input or on the CPU, and `notes` says so.

    Parameters
    ----------
    model
        From `load_model` or `wrap`: any that has patch tokens or a feature map.
    picture
        From `open_picture`, or anything that it opens, such as a path.
    layer
        Name of a block, whose output is returned as it is. If None, the last one, with the norm
        that follows it in many transformers.

    Returns
    -------
    PatchFeatures

    Raises
    ------
    PictureError
        The picture cannot be opened.
    UnknownNameError
        The network has no block of that name.
    ModelError
        The network has no features with positions, fails on the picture, or returns NaN.
    OutOfMemoryError
        The pass did not fit into memory, nor did the retry.

    Examples
    --------
    >>> from attnviz.models.loading import load_model
    >>> from attnviz.pictures import open_sample
    >>> found = features(load_model("ran-small", "cpu"), open_sample("astronaut"))
    >>> found.values.shape
    (5, 5, 512)
    >>> float(found.similarity(0.5, 0.5)[found.patch_at(0.5, 0.5)])
    1.0
    """
    picture = as_picture(picture)
    work = partial(_read, layer)
    (site, values, geometry), notes = run_inference(model, picture, work, any_output=True)
    if not np.isfinite(values).all():
        raise ModelError(
            f"{model.name} gives NaN or infinity in {site.layer} for {picture.name}. Its weights "
            "are damaged, or its numbers overflow: load other weights, or run it in float32."
        )
    return PatchFeatures(
        values,
        site.layer,
        geometry,
        picture,
        (*picture.notes, *notes),
        pass_provenance(model, picture, geometry) | {"layer": site.layer},
    )


def feature_layers(model: VisionModel, picture: Picture) -> tuple[str, ...]:
    """List the layers whose features can be read.

    Parameters
    ----------
    model
        From `load_model` or `wrap`.
    picture
        A picture for the passes that find them; only its shape matters.

    Returns
    -------
    tuple of str
        In forward order; the last one is what `features` reads if no layer is named.

    Raises
    ------
    ModelError
        As `features`.
    """
    return tuple(run_inference(model, picture, _sites, any_output=True)[0])


def _sites(inference: Inference) -> dict[str, Site]:
    module, inputs = inference.module, inference.inputs
    blocks = find_sites(module, Kind.FEATURES, inputs)
    return {site.layer: site for site in (*blocks, final_features(module, inputs))}


def _read(layer: str | None, inference: Inference) -> tuple[Site, FloatArray, PictureGeometry]:
    sites = _sites(inference)
    if layer is not None and layer not in sites:
        raise UnknownNameError("layer", layer, sites)
    site = sites[layer or list(sites)[-1]]
    values = read_features(inference.module, inference.inputs, site)[0].permute(1, 2, 0)
    return site, values.contiguous().cpu().numpy(), inference.geometry
