"""Attention together with that to all patches that are alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from attnviz.capture.site import Kind
from attnviz.errors import MethodError
from attnviz.methods.attended_features import read_attended, resized
from attnviz.methods.base import METHODS, Method, Nature, NetworkTraits
from attnviz.methods.inference import Cost, Inference, LayerMaps, MethodResult
from attnviz.metrics.patch_likeness import carried_on, cosines_of
from attnviz.types import DoubleArray


@METHODS.add
@dataclass(frozen=True)
class CarriedAttention(Method):
    """Attention on which heads agree, carried on to patches whose features are alike.

    In networks that learned without labels attention peaks on a few patches of a thing (a wheel, an
    eye). Here what they stand for comes with them, so that a focus covers the thing. The heads are
    those of `head-consensus`; the features are those of the last block, with the norm behind it.
    Values from 0 up, as those of attention. Measured in docs/objects.md.

    Notes
    -----
    A_p is the attention to patch p, and P the patches q with cos(f_p, f_q) above Otsu's threshold
    of all cosines of the picture.

    Examples
    --------
    >>> CarriedAttention().name, CarriedAttention.nature.value, CarriedAttention.gradients
    ('carried-attention', 'attention', False)
    """

    name: ClassVar[str] = "carried-attention"
    title: ClassVar[str] = "Attention carried on to patches alike"
    paper: ClassVar[str] = "attnviz; patches alike after Wang et al., TokenCut, CVPR 2022"
    formula: ClassVar[str] = "sqrt(A_p times mean of A_q over the patches q alike to p)"
    nature: ClassVar[Nature] = Nature.ATTENTION
    kind: ClassVar[Kind] = Kind.CONTEXT
    needs: ClassVar[str] = "self-attention and blocks"

    @classmethod
    def fits(cls, network: NetworkTraits) -> bool:
        """See `Method`: it reads self-attention and features."""
        return {Kind.CONTEXT, Kind.FEATURES} <= set(network.kinds)

    def cost(self, inference: Inference) -> Cost:
        """See `Method`."""
        del inference
        return Cost(1, 0)

    def run(self, inference: Inference) -> MethodResult:
        """See `Method`."""
        read = read_attended(inference)
        if not read.layers:
            raise MethodError(
                f"{self.name} reads self-attention, and this network has none between positions. "
                "Choose another method for it."
            )
        features = read.on_small_grid()
        alike = [cosines_of(one.permute(1, 2, 0).cpu().numpy()) for one in features]
        maps = tuple(
            LayerMaps(layer, _carried(attention, alike, features.shape[-2:]).numpy())
            for layer, attention in zip(read.layers, read.attention, strict=True)
        )
        return MethodResult(maps, read.logits, None, read.layers[-1])


def _carried(attention: Tensor, alike: Sequence[DoubleArray], size: Sequence[int]) -> Tensor:
    """The map [N, h, w] of one layer, on its own grid."""
    planes = [
        carried_on(one.cpu().numpy(), cosines)
        for one, cosines in zip(resized(attention, size), alike, strict=True)
    ]
    return resized(torch.from_numpy(np.stack(planes)), attention.shape[-2:])
