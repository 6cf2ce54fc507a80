"""The features of all patches, and how much each is attended to, from one pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from attnviz.capture.discovery.final_features import final_features
from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.run import capture
from attnviz.capture.site import Kind
from attnviz.methods.head_consensus import HeadConsensus
from attnviz.methods.inference import Inference
from attnviz.metrics.patch_likeness import MOST_PATCHES
from attnviz.progress import report_progress


@dataclass(frozen=True, eq=False)
class AttendedFeatures:
    """What one pass tells of patches.

    Attributes
    ----------
    features
        float32 [N, C, h, w], of the last block, with the norm behind it.
    layers
        Names of the layers of self-attention; none if the network has no such.
    attention
        float32 [N, h, w] of each of them, on which its heads agree.
    logits
        float32 [N, classes], on the CPU.
    """

    features: Tensor
    layers: tuple[str, ...]
    attention: tuple[Tensor, ...]
    logits: Tensor

    def on_small_grid(self) -> Tensor:
        """Return the features, averaged where there are too many patches to compare all pairs."""
        rows, columns = self.features.shape[-2:]
        if rows * columns <= MOST_PATCHES:
            return self.features
        shrink = (MOST_PATCHES / (rows * columns)) ** 0.5
        size = max(1, int(rows * shrink)), max(1, int(columns * shrink))
        return F.adaptive_avg_pool2d(self.features, size)

    def attention_on(self, size: Sequence[int]) -> Sequence[Tensor | None]:
        """Return the last layer's attention for each input on another grid; Nones without any."""
        if not self.attention:
            return [None] * len(self.features)
        return list(resized(self.attention[-1], size))


def read_attended(inference: Inference) -> AttendedFeatures:
    """Run the network once and read features and attention.

    Parameters
    ----------
    inference
        The network and its inputs.

    Returns
    -------
    AttendedFeatures

    Raises
    ------
    NoSitesError
        No module of the network returns features that have positions.
    """
    module, inputs = inference.module, inference.inputs
    sites = [*find_sites(module, Kind.CONTEXT, inputs), final_features(module, inputs)]
    trace = capture(module, inputs, sites, target=inference.target)
    report_progress(inference.progress, len(inputs), len(inputs))
    context = [one for one in trace.context if one.has_positions]
    (reading,) = trace.features
    return AttendedFeatures(
        reading.activation,
        tuple(one.layer for one in context),
        tuple(HeadConsensus().maps(context)) if context else (),
        trace.logits.cpu(),
    )


def resized(maps: Tensor, size: Sequence[int]) -> Tensor:
    """Return maps [N, h, w] on another grid."""
    if tuple(maps.shape[-2:]) == tuple(size):
        return maps
    return F.interpolate(maps[:, None], tuple(size), mode="bilinear", antialias=True)[:, 0]
