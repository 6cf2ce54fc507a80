"""Objects without labels, as groups of patches that look alike to the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from torch import Tensor

from attnviz.capture.site import Kind
from attnviz.methods.attended_features import read_attended
from attnviz.methods.base import METHODS, Method, Nature
from attnviz.methods.inference import Cost, Inference, LayerMaps, MethodResult
from attnviz.metrics.normalised_cut import CutSettings, cut_objects


@METHODS.add
@dataclass(frozen=True)
class NormalisedCut(Method):
    """Objects that are found without labels, by a normalised cut on the patches' features.

    The maps are 1 inside an object and 0 elsewhere; there is one for each object, in the order in
    which they are found. Features are those of the last block, with the norm behind it. Where the
    network has self-attention, its heads' consensus says which side of the cut is the object. An
    object that is not there (all patches are alike, or taken) has a map of zeros.

    Parameters
    ----------
    objects
        How many objects at most.
    threshold
        The cosine from which two patches are alike; None finds it for each picture.

    Notes
    -----
    W is 1 between patches that are alike and nearly 0 between others, D its sums over rows.
    TokenCut takes the keys of the last attention; here features are taken, which every network has:
    with DINOv2 they find as many objects (docs/objects.md).

    Examples
    --------
    >>> NormalisedCut().name, NormalisedCut.classless, NormalisedCut.gradients
    ('normalised-cut', True, False)
    """

    objects: int = 3
    threshold: float | None = None

    name: ClassVar[str] = "normalised-cut"
    title: ClassVar[str] = "Objects by normalised cut"
    paper: ClassVar[str] = "after Wang et al., TokenCut, CVPR 2022, arXiv 2202.11539"
    formula: ClassVar[str] = "second smallest y of (D - W) y = lambda D y, split at its mean"
    nature: ClassVar[Nature] = Nature.SIMILARITY
    kind: ClassVar[Kind] = Kind.FEATURES
    shares: ClassVar[bool] = True
    classless: ClassVar[bool] = True

    def cost(self, inference: Inference) -> Cost:
        """See `Method`."""
        del inference
        return Cost(1, 0)

    def run(self, inference: Inference) -> MethodResult:
        """See `Method`."""
        read = read_attended(inference)
        features = read.on_small_grid()
        attention = read.attention_on(features.shape[-2:])
        cut = [self._cut(*planes) for planes in zip(features, attention, strict=True)]
        maps = tuple(
            LayerMaps(object_name(index), np.stack([one[index] for one in cut]))
            for index in range(self.objects)
        )
        return MethodResult(maps, read.logits, None, object_name(0))

    def _cut(self, features: Tensor, attention: Tensor | None) -> np.ndarray:
        """The objects of one input, float32 [objects, h, w] of 0 and 1."""
        found = cut_objects(
            features.permute(1, 2, 0).cpu().numpy(),
            None if attention is None else attention.cpu().numpy(),
            CutSettings(self.objects, self.threshold),
        )
        planes = np.zeros((self.objects, *features.shape[1:]), np.float32)
        for plane, mask in zip(planes, found, strict=False):
            plane[mask] = 1
        return planes


def object_name(index: int) -> str:
    """Return the name under which an object's map is shown, counted from 0."""
    return f"object {index + 1}"
