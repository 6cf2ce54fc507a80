"""The grid pointing game: four confidently recognised pictures in one, and a map for each.

Boehle et al., CVPR 2021, arXiv 2104.00032: a map for a class should lie in the cell that shows it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from attnviz.models.vision_model import VisionModel
from attnviz.models.zoo.lens import LensNetwork
from attnviz.pictures.geometry import PictureGeometry

CONFIDENT = 0.9
_BATCH = 16


@dataclass(frozen=True, eq=False)
class Mosaic:
    """inputs: [1, 3, 2 side, 2 side], four inputs row by row; classes: what each of them shows."""

    inputs: Tensor
    classes: tuple[int, int, int, int]


def classifier_of(module: nn.Module) -> nn.Module:
    """What answers: of `lens` its classifier alone, which says the same without making masks."""
    return module.trunk if isinstance(module, LensNetwork) else module


@torch.inference_mode()
def said(model: VisionModel, inputs: Tensor) -> Tensor:
    """Probabilities [N, classes] of inputs [N, 3, h, w]."""
    parts = []
    for part in torch.split(inputs, _BATCH):
        parts.append(classifier_of(model.module)(part.to(model.device)).float().softmax(1).cpu())
    return torch.cat(parts)


def mosaics(model: VisionModel, inputs: Tensor, count: int, seed: int = 0) -> list[Mosaic]:
    """`count` mosaics of different classes, of those `inputs` [N, 3, side, side] that are sure.

    Classes are drawn first and pictures within them, so that frequent ones do not rule.
    """
    sure, named = said(model, inputs).max(1)
    pictures: dict[int, list[int]] = {}
    for index in torch.nonzero(sure > CONFIDENT)[:, 0].tolist():
        pictures.setdefault(int(named[index]), []).append(index)
    if len(pictures) < 4:
        return []
    random = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        classes = random.choice(sorted(pictures), 4, replace=False).tolist()
        cells = [inputs[random.choice(pictures[one])] for one in classes]
        rows = [torch.cat(cells[:2], 2), torch.cat(cells[2:], 2)]
        made.append(Mosaic(torch.cat(rows, 1)[None], tuple(classes)))
    return made


def covering(size: tuple[int, int]) -> PictureGeometry:
    """The geometry of a map that covers the whole of a picture of (height, width)."""
    return PictureGeometry(size, (0.0, 0.0, float(size[0]), float(size[1])), (1, 1))


def share_in_cell(values: npt.NDArray[np.float32], cell: int, size: tuple[int, int]) -> float:
    """Share, 0..1, of the positive part of a map in one of the four cells; chance 0.25 if flat.

    The map is brought to the input's `size` as for display, so that its cells may lie across.
    """
    positive = np.maximum(covering(size).spread(values), 0)
    total = float(positive.sum())
    if total <= 0:
        return 0.25
    rows, columns = np.split(positive, 2, axis=0)[cell // 2], cell % 2
    return float(np.split(rows, 2, axis=1)[columns].sum()) / total
