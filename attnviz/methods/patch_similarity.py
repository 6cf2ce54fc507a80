"""How alike the features of all patches are to those of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from torch import Tensor
from torch.nn import functional as F

from attnviz.capture.discovery.final_features import final_features
from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.grids import cell_of
from attnviz.capture.readings import FeatureReading
from attnviz.capture.site import Kind, Site
from attnviz.capture.trace import Trace
from attnviz.methods.base import METHODS, Nature
from attnviz.methods.chosen_layers import needed
from attnviz.methods.inference import Inference
from attnviz.methods.trace_method import LayerMethod

Point = tuple[float, float]


@METHODS.add
@dataclass(frozen=True)
class PatchSimilarity(LayerMethod[FeatureReading]):
    """Cosine of the angle between the features of one patch and those of every patch.

    Values in -1..1, for each block, and for the norm that follows the last one if there is such.
    Class tokens and registers are left out.

    Parameters
    ----------
    point
        Of which patch, as (y, x) in 0..1 of the input; None for the mean of all patches.
    vectors
        Features [1, C] by layer to compare with instead, such as those of another picture.

    Examples
    --------
    >>> import torch
    >>> features = torch.tensor([[[[3.0, 0.0, 6.0]], [[4.0, 5.0, 8.0]]]])  # [N, C, h, w]
    >>> PatchSimilarity(point=(0.0, 0.0)).layer_map(FeatureReading("block", features))
    tensor([[[1.0000, 0.8000, 1.0000]]])
    """

    point: Point | None = (0.5, 0.5)
    vectors: Mapping[str, Tensor] | None = field(default=None, compare=False)

    name: ClassVar[str] = "patch-similarity"
    title: ClassVar[str] = "Similarity to a patch"
    paper: ClassVar[str] = "Caron et al., DINO, ICCV 2021; Amir et al. 2021, arXiv 2112.05814"
    formula: ClassVar[str] = "cos(f_p, f_q) for the chosen patch q"
    nature: ClassVar[Nature] = Nature.SIMILARITY
    kind: ClassVar[Kind] = Kind.FEATURES
    signed: ClassVar[bool] = True

    def readings(self, trace: Trace) -> tuple[FeatureReading, ...]:
        """See `TraceMethod`."""
        return trace.features

    def sites_for(self, inference: Inference, layer: str | None) -> Sequence[Site]:
        """See `TraceMethod`: with the norm behind the last block."""
        del layer
        module, inputs = inference.module, inference.inputs
        sites = find_sites(module, Kind.FEATURES, inputs)
        last = final_features(module, inputs)
        return needed(sites if last in sites else (*sites, last), inference.layers)

    def layer_map(self, reading: FeatureReading) -> Tensor:
        """See `LayerMethod`."""
        return cosines(self.vector(reading), reading.activation)

    def vector(self, reading: FeatureReading) -> Tensor:
        """Return the features [N, C] with which all others are compared."""
        if self.vectors is not None:
            return self.vectors[reading.layer]
        return features_at(reading.activation, self.point)


def features_at(features: Tensor, point: Point | None) -> Tensor:
    """Return the features [N, C] of [N, C, h, w] at a point (y, x) in 0..1; their mean if None."""
    if point is None:
        return features.mean((2, 3))
    row, column = cell_of(point, (features.shape[2], features.shape[3]))
    return features[:, :, row, column]


def cosines(vector: Tensor, features: Tensor) -> Tensor:
    """Return the cosines [N, h, w] of vectors [N, C] with features [N, C, h, w]."""
    return F.cosine_similarity(vector[:, :, None, None], features, dim=1)
