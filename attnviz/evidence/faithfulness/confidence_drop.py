"""What is left of the confidence behind a map, and what each patch is worth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from attnviz.errors import EvidenceError
from attnviz.evidence.fills.base import Fill, FillFunction
from attnviz.evidence.scoring import score_variants
from attnviz.evidence.subject import Subject
from attnviz.progress import Progress
from attnviz.types import FloatArray


@dataclass(frozen=True)
class ConfidenceDrop:
    """The class's probability on the picture, and on the picture times the map."""

    whole: float
    masked: float

    @property
    def drop(self) -> float:
        """Its mean over pictures is the average drop: max(0, Y - O) / Y, 0..1."""
        return max(0.0, self.whole - self.masked) / max(self.whole, 1e-12)

    @property
    def increased(self) -> bool:
        """Its mean over pictures is the increase in confidence."""
        return self.masked > self.whole


def confidence_drop(subject: Subject, values: npt.ArrayLike) -> ConfidenceDrop:
    """The picture dimmed by a map, stretched to 0..1 (Chattopadhay et al., Grad-CAM++, WACV 2018).

    The normalised picture is multiplied, so what is dimmed goes to grey, as in torchcam; over black
    the same figure says more about black than about the map. A map of ones has no drop at all: read
    it beside the share of the picture that the map leaves, never alone.

    Raises EvidenceError for a flat map.
    """
    order = subject.order(values)
    shares = (order - order.min()) / (order.max() - order.min())
    dimmed = subject.inputs * torch.from_numpy(shares).to(subject.inputs)
    found = score_variants(subject, [torch.cat([subject.inputs, dimmed])], 2)
    return ConfidenceDrop(float(found.probability[0]), float(found.probability[1]))


def occlusion(
    subject: Subject,
    fill: Fill,
    *,
    patch: int | None = None,
    progress: Progress | None = None,
) -> FloatArray:
    """What each place is worth: the logit lost while a patch over it is taken away.

    A patch slides over the picture in steps of half its side (Zeiler & Fergus, ECCV 2014, arXiv
    1311.2901); a place gets the mean over all patches that cover it.

    Args:
        subject: the network, the picture and the class.
        fill: what stands in the patch.
        patch: its side in pixels of the input; a seventh of the shorter side if None.
        progress: told how many patches are through.

    Returns:
        float32 [h, w] in logits; negative where the patch spoke against the class.

    Raises EvidenceError for a patch that is empty or larger than the picture.
    """
    height, width = subject.size
    side, corners = occlusion_patches(subject.size, patch)
    variants = _occluded(subject, corners, side, fill.of(subject))
    found = score_variants(subject, variants, len(corners) + 1, progress)
    lost = found.logit[0] - found.logit[1:]
    total, count = np.zeros((2, height, width))
    for (y, x), worth in zip(corners, lost, strict=True):
        total[y : y + side, x : x + side] += worth
        count[y : y + side, x : x + side] += 1
    return np.asarray(total / count, np.float32)


def occlusion_patches(
    size: tuple[int, int], patch: int | None = None
) -> tuple[int, list[tuple[int, int]]]:
    """The side of the patches that `occlusion` slides over (height, width), and their corners."""
    height, width = size
    side = max(1, min(height, width) // 7) if patch is None else patch
    if not 1 <= side <= min(height, width):
        raise EvidenceError(
            f"A patch of {side} px does not fit into {height} x {width} pixels. Take a smaller one."
        )
    return side, [(y, x) for y in _starts(height, side) for x in _starts(width, side)]


def _starts(length: int, side: int) -> list[int]:
    """Where patches begin, half of one apart; the last one ends at the edge."""
    steps = range(0, length - side, max(1, side // 2))
    return [*steps, length - side]


def _occluded(
    subject: Subject, corners: list[tuple[int, int]], side: int, filling: FillFunction
) -> Iterator[Tensor]:
    """The whole picture, then one for each patch."""
    yield subject.inputs
    for start in range(0, len(corners), subject.batch):
        some = corners[start : start + subject.batch]
        removed = torch.zeros(len(some), *subject.size, dtype=torch.bool)
        for place, (y, x) in zip(removed, some, strict=True):
            place[y : y + side, x : x + side] = True
        yield filling(removed)
