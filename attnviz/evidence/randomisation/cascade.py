"""Cascading randomisation: does a map depend on what the network has learned?

Adebayo et al., "Sanity checks for saliency maps", NeurIPS 2018 (arXiv 1810.03292): the layers are
randomised one after another, from the output to the input, and the map is computed again each time.
A map that stays the same shows the picture, or the architecture, and not the model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

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
from attnviz.types import FloatArray, plain

# A rank correlation this high between the maps of a trained and a random network means that half of
# the ranks' variance (0.7 squared) does not depend on what was learned.
SIMILARITY_BOUND = 0.7
# So near to the bound, another shuffle of the weights may fall on its other side.
BORDER = 0.05
# How often all layers are shuffled: one shuffle is one draw of many.
SHUFFLES = 3
TOP = 0.2
_WINDOW = 7


@dataclass(frozen=True)
class MapSimilarity:
    """How similar two maps are.

    Attributes
    ----------
    spearman : float
        Rank correlation, -1..1.
    ssim : float
        Structural similarity (Wang et al. 2004) of the maps, each scaled to 0..1; -1..1.
    overlap : float
        Share of the highest fifth that both have in common, 0..1; about 0.2 for unrelated maps.
    """

    spearman: float
    ssim: float
    overlap: float


@dataclass(frozen=True, eq=False)
class RandomisationStep:
    """The map after one more stage has been randomised.

    Attributes
    ----------
    name : str
        Of the stage; "" for the trained network.
    values : float32 [h, w]
        On the layer's own grid.
    similarity : MapSimilarity or None
        To the trained network's map; None for a flat map, which has no order.
    """

    name: str
    values: FloatArray
    similarity: MapSimilarity | None


class SanityVerdict(StrEnum):
    """What a sanity check says.

    `DEPENDS`: the map depends on what the network learned. `INSENSITIVE`: it hardly does.
    `INCONCLUSIVE`: it hardly does, but other pictures' maps are as similar. `BORDERLINE`: shuffles
    of the weights fall on both sides of the bound, or near to it.
    """

    DEPENDS = "depends"
    BORDERLINE = "borderline"
    INCONCLUSIVE = "inconclusive"
    INSENSITIVE = "insensitive"


@dataclass(frozen=True, eq=False, repr=False)
class SanityCheck:
    """The result of cascading randomisation.

    Attributes
    ----------
    steps : tuple of RandomisationStep
        From the trained to the fully randomised network.
    control : MapSimilarity or None
        Mean similarity of the trained network's map to its maps of the control pictures: what
        architecture and network bring without the picture. None if those maps are flat.
    control_values : float32 [h, w]
        The first of those maps.
    reshuffled : tuple of (MapSimilarity or None)
        The last step's similarity for further shuffles of all layers.
    """

    steps: tuple[RandomisationStep, ...]
    control: MapSimilarity | None
    control_values: FloatArray
    reshuffled: tuple[MapSimilarity | None, ...] = ()

    @property
    def final_ranks(self) -> tuple[float, ...]:
        """The rank correlation with all layers random, of each shuffle; 0 for a flat map."""
        ends = (self.steps[-1].similarity, *self.reshuffled)
        return tuple(0.0 if end is None else end.spearman for end in ends)

    @property
    def verdict(self) -> SanityVerdict:
        """Compare the absolute rank correlations of all shuffles with 0.7, and the control."""
        ranks = [abs(rank) for rank in self.final_ranks]
        if max(ranks) <= SIMILARITY_BOUND - BORDER:
            return SanityVerdict.DEPENDS
        if min(ranks) < SIMILARITY_BOUND + BORDER:
            return SanityVerdict.BORDERLINE
        if self.control is None or float(np.mean(ranks)) >= abs(self.control.spearman):
            return SanityVerdict.INSENSITIVE
        return SanityVerdict.INCONCLUSIVE

    @property
    def insensitive(self) -> bool:
        """Whether the map hardly depends on the model."""
        return self.verdict is SanityVerdict.INSENSITIVE

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers as JSON has them; None for a flat map."""
        return {
            "verdict": str(self.verdict),
            "final_ranks": plain(self.final_ranks),
            "steps": [
                {"name": one.name, "similarity": one.similarity and asdict(one.similarity)}
                for one in self.steps
            ],
            "control": self.control and asdict(self.control),
        }

    def __repr__(self) -> str:
        """Say the verdict, in a line."""
        ranks = ", ".join(f"{rank:.2f}" for rank in self.final_ranks)
        return f"<SanityCheck {self.verdict!s}: rank correlation {ranks} with all layers random>"


def compare_maps(a: FloatArray, b: FloatArray, size: tuple[int, int]) -> MapSimilarity | None:
    """Measure the similarity of two maps.

    Parameters
    ----------
    a, b : float [rows, columns]
    size : (int, int)
        Height and width to which both are resized.

    Returns
    -------
    MapSimilarity or None
        None if a map is flat.
    """
    if is_flat(a) or is_flat(b):
        return None
    first, second = (_resized(values, size) for values in (a, b))
    window = min(_WINDOW, *size)
    same = structural_similarity(
        _scaled(first), _scaled(second), data_range=1.0, win_size=window - (window + 1) % 2
    )
    return MapSimilarity(spearman(first, second), float(same), top_overlap(first, second, TOP))


def map_count(stages: int, controls: int) -> int:
    """Return how many maps a check makes: the picture's and the controls', one for each stage that
    becomes random, and those of the further shuffles."""
    return 1 + controls + stages + SHUFFLES - 1


def cascading_randomisation(
    module: nn.Module,
    make_map: Callable[[], FloatArray],
    size: tuple[int, int],
    controls: Sequence[Callable[[], FloatArray]],
    *,
    run: Callable[[], object],
    seed: int = 0,
    progress: Progress | None = None,
) -> SanityCheck:
    """Randomise `module` stage by stage and compute the map each time.

    With all stages random, they are shuffled twice more: that map is judged by three shuffles.

    Parameters
    ----------
    module : nn.Module
        A copy: nothing that it has learned is left afterwards.
    make_map : callable
        Returns the map [h, w] of the picture by `module` in its current state.
    size : (int, int)
        Height and width at which maps are compared.
    controls : sequence of callable
        Maps of one control picture or more, computed while `module` is trained.
    run : callable
        Runs a picture through `module`, to observe the order of its layers.
    seed : int
        Seed of the shuffles.
    progress : Progress, optional
        Called with the number of maps computed; what it raises stops the work.

    Returns
    -------
    SanityCheck

    Raises
    ------
    EvidenceError
        If the trained network's map is flat, or the network has no weights.
    """
    stages = randomisation_stages(module, run)
    if not stages:
        raise EvidenceError(
            f"{type(module).__name__} has no weights that could be randomised, so this check "
            "cannot be made."
        )
    total = map_count(len(stages), len(controls))
    random = torch.Generator().manual_seed(seed)
    report = progress or (lambda _done, _total: None)
    report(0, total)
    first = make_map()
    if is_flat(first):
        raise EvidenceError(
            "This map is flat: it has no order of positions that randomisation could change. "
            "Choose another layer or method."
        )
    report(1, total)
    others = []
    for control in controls:
        others.append(control())
        report(1 + len(others), total)
    steps = [RandomisationStep("", first, compare_maps(first, first, size))]
    for stage in stages:
        shuffle_weights(stage, random)
        values = make_map()
        steps.append(RandomisationStep(stage.name, values, compare_maps(first, values, size)))
        report(len(others) + len(steps), total)
    ends = []
    for _ in range(SHUFFLES - 1):
        for stage in stages:
            shuffle_weights(stage, random)
        ends.append(compare_maps(first, make_map(), size))
        report(len(others) + len(steps) + len(ends), total)
    alike = [compare_maps(first, other, size) for other in others]
    mean = _mean([one for one in alike if one is not None])
    return SanityCheck(tuple(steps), mean, others[0], tuple(ends))


def _mean(found: list[MapSimilarity]) -> MapSimilarity | None:
    if not found:
        return None
    columns = zip(*((one.spearman, one.ssim, one.overlap) for one in found), strict=True)
    return MapSimilarity(*(float(np.mean(column)) for column in columns))


def _resized(values: FloatArray, size: tuple[int, int]) -> FloatArray:
    """Resize a map bilinearly."""
    if values.shape == size:
        return values
    return np.asarray(cv2.resize(values, size[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _scaled(values: FloatArray) -> FloatArray:
    """Scale a map to 0..1."""
    low, high = values.min(), values.max()
    return np.asarray((values - low) / (high - low), dtype=np.float32)
