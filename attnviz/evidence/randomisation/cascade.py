"""Does a map depend on what the network has learned at all?

Adebayo et al., "Sanity checks for saliency maps", NeurIPS 2018 (arXiv 1810.03292): the layers lose
their weights one after another, from the output to the input, and the map is made again each time.
A map that stays the same shows the picture, or the architecture, and not the model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from skimage.metrics import structural_similarity
from torch import nn

from attnviz.errors import EvidenceError
from attnviz.evidence.randomisation.weights import randomisation_stages, shuffle_weights
from attnviz.metrics.map_similarity import spearman, top_overlap
from attnviz.progress import Progress
from attnviz.render.focus import is_flat
from attnviz.types import FloatArray

# A rank correlation this high between the maps of a trained and a random network means that most
# of the order of places comes from elsewhere: half of its variance (0.7 squared).
SIMILARITY_BOUND = 0.7
TOP = 0.2
_WINDOW = 7


@dataclass(frozen=True)
class MapSimilarity:
    """How alike two maps are.

    spearman: rank correlation, -1..1. ssim: structural similarity (Wang et al. 2004) of the maps,
    each stretched to 0..1; -1..1. overlap: what part of the highest fifth they share, 0..1; maps
    that have nothing in common share about 0.2.
    """

    spearman: float
    ssim: float
    overlap: float


@dataclass(frozen=True, eq=False)
class RandomisationStep:
    """The map after one more stage has become random.

    name: of the stage, "" for the trained network. values: float32 [h, w], the layer's own grid.
    likeness: to the trained network's map; None for a flat map, which orders no places.
    """

    name: str
    values: FloatArray
    similarity: MapSimilarity | None


@dataclass(frozen=True, eq=False)
class SanityCheck:
    """What became of a map. steps: from the trained network to the one that is all random.

    control: how alike the trained network's own maps of different pictures are, mean over the
    control pictures: what the architecture and the network bring without the picture; None if those
    maps are flat. control_values: the first of those maps, float32 [h, w].
    """

    steps: tuple[RandomisationStep, ...]
    control: MapSimilarity | None
    control_values: FloatArray

    @property
    def insensitive(self) -> bool:
        """Whether the map hardly depends on the model.

        So it is called if the rank correlation between the trained and the fully random network's
        map is above 0.7, whatever its sign, and no lower than that of the control.
        """
        last = self.steps[-1].similarity
        if last is None or abs(last.spearman) <= SIMILARITY_BOUND:
            return False
        return self.control is None or abs(last.spearman) >= abs(self.control.spearman)


def compare_maps(a: FloatArray, b: FloatArray, size: tuple[int, int]) -> MapSimilarity | None:
    """How alike two maps [rows, columns] are, enlarged to `size` (height, width); None if flat."""
    if is_flat(a) or is_flat(b):
        return None
    first, second = (_enlarged(one, size) for one in (a, b))
    window = min(_WINDOW, *size)
    same = structural_similarity(
        _stretched(first), _stretched(second), data_range=1.0, win_size=window - (window + 1) % 2
    )
    return MapSimilarity(spearman(first, second), float(same), top_overlap(first, second, TOP))


def cascading_randomisation(
    module: nn.Module,
    look: Callable[[], FloatArray],
    size: tuple[int, int],
    controls: Sequence[Callable[[], FloatArray]],
    *,
    run: Callable[[], object],
    seed: int = 0,
    progress: Progress | None = None,
) -> SanityCheck:
    """Make `module` random stage by stage (see `randomisation.weights`) and look each time.

    Args:
        module: a copy, for nothing that it has learned is left when this returns.
        look: the map [h, w] of the picture by `module` as it is then.
        size: height and width at which maps are compared.
        controls: the maps of control pictures, one or more, asked while `module` is trained.
        run: sends a picture through `module`, to see the order of its layers.
        seed: of all that is drawn.
        progress: told how many maps are made; what it raises stops the work.

    Raises EvidenceError if the trained network's map is flat, or the network has no weights.
    """
    stages = randomisation_stages(module, run)
    if not stages:
        raise EvidenceError(
            f"{type(module).__name__} has no weights that could be made random, so nothing can be "
            "learned from this check."
        )
    total, random = 1 + len(controls) + len(stages), torch.Generator().manual_seed(seed)
    told = progress or (lambda _done, _total: None)
    told(0, total)
    first = look()
    if is_flat(first):
        raise EvidenceError(
            "This map is flat: it has no order of places that the check could see change. "
            "Choose another layer or method."
        )
    told(1, total)
    others = []
    for control in controls:
        others.append(control())
        told(1 + len(others), total)
    steps = [RandomisationStep("", first, compare_maps(first, first, size))]
    for stage in stages:
        shuffle_weights(stage, random)
        values = look()
        steps.append(RandomisationStep(stage.name, values, compare_maps(first, values, size)))
        told(len(others) + len(steps), total)
    alike = [compare_maps(first, other, size) for other in others]
    return SanityCheck(tuple(steps), _mean([one for one in alike if one is not None]), others[0])


def _mean(found: list[MapSimilarity]) -> MapSimilarity | None:
    if not found:
        return None
    columns = zip(*((one.spearman, one.ssim, one.overlap) for one in found), strict=True)
    return MapSimilarity(*(float(np.mean(column)) for column in columns))


def _enlarged(values: FloatArray, size: tuple[int, int]) -> FloatArray:
    if values.shape == size:
        return values
    return np.asarray(cv2.resize(values, size[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _stretched(values: FloatArray) -> FloatArray:
    low, high = values.min(), values.max()
    return np.asarray((values - low) / (high - low), dtype=np.float32)
