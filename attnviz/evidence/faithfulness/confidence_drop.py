"""The confidence that is left behind a map, and the value of each patch (occlusion)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy.typing as npt
import torch
from torch import Tensor

from attnviz.evidence.fills.base import Fill, FillFunction
from attnviz.evidence.scoring import score_variants
from attnviz.evidence.subject import Subject
from attnviz.methods.occlusion import (
    Corners,
    mean_over_patches,
    occlusion_patches,
    patches_mask,
)
from attnviz.progress import Progress
from attnviz.types import FloatArray


@dataclass(frozen=True)
class ConfidenceDrop:
    """Probability of the class on the picture, and on the picture multiplied by the map."""

    original: float
    masked: float

    @property
    def drop(self) -> float:
        """`max(0, Y - O) / Y` in 0..1; its mean over pictures is the average drop."""
        return max(0.0, self.original - self.masked) / max(self.original, 1e-12)

    @property
    def increased(self) -> bool:
        """Whether the probability rose; the mean over pictures is the increase in confidence."""
        return self.masked > self.original


def confidence_drop(subject: Subject, values: npt.ArrayLike) -> ConfidenceDrop:
    """Measure the class's probability when the picture is dimmed by a map, scaled to 0..1.

    Parameters
    ----------
    subject : Subject
    values : float [rows, columns]
        The map over the whole input.

    Returns
    -------
    ConfidenceDrop

    Raises
    ------
    EvidenceError
        If the map is flat.

    Notes
    -----
    The preprocessed picture is multiplied, so dimmed regions go to grey, as in torchcam; over black
    the measure says more about black than about the map. A map of ones has no drop at all: read it
    together with the share of the picture that the map leaves, never alone.

    References
    ----------
    Chattopadhay et al., "Grad-CAM++", WACV 2018.
    """
    order = subject.resized_map(values)
    shares = (order - order.min()) / (order.max() - order.min())
    dimmed = subject.inputs * torch.from_numpy(shares).to(subject.inputs)
    scores = score_variants(subject, [torch.cat([subject.inputs, dimmed])], 2)
    return ConfidenceDrop(float(scores.probability[0]), float(scores.probability[1]))


def occlusion(
    subject: Subject,
    fill: Fill,
    *,
    patch: int | None = None,
    progress: Progress | None = None,
) -> FloatArray:
    """Occlusion map: the logit lost while a patch over each position is removed.

    A patch slides over the picture in steps of half its side; each position gets the mean over all
    patches that cover it.

    Parameters
    ----------
    subject : Subject
    fill : Fill
        Replaces the patch.
    patch : int, optional
        Side of the patch in input pixels (default: a seventh of the shorter side).
    progress : Progress, optional
        Called with the number of patches scored.

    Returns
    -------
    float32 [h, w]
        In logits; negative where the patch was evidence against the class.

    Raises
    ------
    MethodError
        If the patch is empty or larger than the picture.

    References
    ----------
    Zeiler & Fergus, "Visualizing and understanding convolutional networks", ECCV 2014, arXiv
    1311.2901.
    """
    side, corners = occlusion_patches(subject.size, patch)
    variants = _occluded(subject, corners, side, fill.for_subject(subject))
    scores = score_variants(subject, variants, len(corners) + 1, progress)
    losses = torch.from_numpy(scores.logit[0] - scores.logit[1:])
    return mean_over_patches(subject.size, side, corners, losses[:, None])[0].numpy()


def _occluded(
    subject: Subject, corners: Corners, side: int, filling: FillFunction
) -> Iterator[Tensor]:
    """The unchanged picture, then one variant for each patch."""
    yield subject.inputs
    for start in range(0, len(corners), subject.batch_size):
        chunk = corners[start : start + subject.batch_size]
        yield filling(patches_mask(subject.size, side, chunk))
