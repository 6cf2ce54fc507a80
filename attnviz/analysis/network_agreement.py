"""Whether two networks that should be one and the same agree: an exported one, and its module."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from torch import nn

from attnviz.analysis.explain import explain, probabilities
from attnviz.analysis.explanation import Explanation
from attnviz.analysis.plain_pass import plain_logits
from attnviz.errors import FocusError, ModelError
from attnviz.metrics.map_similarity import spearman
from attnviz.models.loading import wrap
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.progress import Progress
from attnviz.targets import Target
from attnviz.types import FloatArray

_TINY = 1e-12  # probabilities below are not told apart
_SIDE = 256


@dataclass(frozen=True)
class NetworkAgreement:
    """How far two networks agree on one picture.

    Attributes
    ----------
    reference
        Name of the network that was compared with.
    log_difference
        Largest difference of the logarithms of a class's probability: of the logits, but for a
        number that is the same for all classes.
    difference
        Largest difference of a class's probability.
    same_top
        Whether both have the same top class.
    correlation
        Rank correlation (Spearman) of their maps, -1..1; NaN where one of them is flat.
    method
        Name of the method that made the maps.
    """

    reference: str
    log_difference: float
    difference: float
    same_top: bool
    correlation: float
    method: str

    def __str__(self) -> str:
        """All of it in one sentence."""
        top = "the same top class" if self.same_top else "another top class"
        maps = f"a rank correlation of their {self.method} maps of {self.correlation:.3f}"
        if math.isnan(self.correlation):
            maps = f"a flat {self.method} map"
        return (
            f"Agreement with {self.reference}: {top}, logits that differ by "
            f"{self.log_difference:.2g} at most and probabilities by {self.difference:.2g}, and "
            f"{maps}."
        )


def network_agreement(
    explanation: Explanation,
    model: VisionModel,
    reference: VisionModel | nn.Module,
    progress: Progress | None = None,
) -> NetworkAgreement:
    """Compare a model that was explained with another that should be the same network.

    Parameters
    ----------
    explanation
        Of `model`. The other is explained by the same method, for the same class.
    model
        Such as a `black_box`.
    reference
        The same network with its layers at hand; a module gets the preprocessing and the labels of
        `model`.
    progress
        Called after each pass of the reference.

    Returns
    -------
    NetworkAgreement

    Raises
    ------
    ModelError
        The networks have different numbers of classes, or one returns features; and as `explain`.
    """
    if isinstance(reference, nn.Module):
        places = model.spec.outputs.kind if model.spec.outputs else None
        reference = wrap(
            reference, model.preprocess, model.labels, scores=model.spec.scores, outputs=places
        )
    picture, method = explanation.picture, explanation.method
    own, other = (_chances(one, picture) for one in (model, reference))
    if own.shape != other.shape:
        raise ModelError(
            f"{model.name} has {len(own)} classes, and {reference.name} has {len(other)}. Compare "
            "networks of the same classes."
        )
    logs = [np.log(np.maximum(one.astype(np.float64), _TINY)) for one in (own, other)]
    again = explain(reference, picture, method, _targets(explanation), progress)
    return NetworkAgreement(
        reference.name,
        float(np.abs(logs[0] - logs[1]).max()),
        float(np.abs(own - other).max()),
        bool(own.argmax() == other.argmax()),
        _correlation(_shown(explanation), _shown(again)),
        method,
    )


def _chances(model: VisionModel, picture: Picture) -> FloatArray:
    """The probability of each class; of a detector or segmenter, that it is in the picture."""
    if model.spec.outputs is None:
        return probabilities(model, picture)
    return np.asarray(plain_logits(model, picture).sigmoid(), np.float32)


def _targets(explanation: Explanation) -> list[Target | int] | None:
    """What was asked; the top prediction of the first network, also where the other has another."""
    if explanation.target is None:
        return None
    return [one.target for one in explanation.asked] or [explanation.classes[0]]


def _shown(explanation: Explanation) -> FloatArray:
    """The map that is shown first, over the picture at a moderate size."""
    geometry = explanation.geometry.reduced(_SIDE)
    return geometry.spread(explanation.map_of(explanation.best_layer))


def _correlation(own: FloatArray, other: FloatArray) -> float:
    try:
        return spearman(own, other)
    except FocusError:  # a flat map has no order
        return math.nan
