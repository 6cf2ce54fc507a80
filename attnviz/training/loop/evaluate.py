"""How often a network names the right class."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from attnviz.models.device import move_inputs
from attnviz.models.preprocess import Preprocess, pixels_to_tensor
from attnviz.training.data.data import PictureSet, squashed
from attnviz.training.data.memory import keep_freed_memory


@dataclass(frozen=True)
class Score:
    """top1: share of pictures whose highest score is the right class; loss: mean cross entropy."""

    top1: float
    loss: float
    pictures: int

    @property
    def margin(self) -> float:
        """Half the width of the 95 % interval of `top1`, by the normal approximation."""
        return 1.96 * float(np.sqrt(self.top1 * (1 - self.top1) / max(self.pictures, 1)))


def evaluate(
    module: nn.Module,
    part: PictureSet,
    preprocess: Preprocess,
    *,
    side: int,
    device: torch.device | None = None,
    batch: int = 64,
    mirrored: bool = False,
    between: Callable[[], None] | None = None,
) -> Score:
    """Score `module` on pictures squashed to side x side pixels; leaves its mode as it was.

    mirrored: the probabilities are means over each picture and its mirror image, left for right.
    between: called before each batch; what it raises ends the scoring.
    """
    keep_freed_memory()
    was_training = module.training
    module.eval()
    right, loss = 0, 0.0
    try:
        with torch.inference_mode():
            for start in range(0, len(part), batch):
                if between is not None:
                    between()
                labels = torch.from_numpy(part.labels[start : start + batch]).to(device)
                inputs = whole_pictures(part, slice(start, start + batch), side)
                inputs = move_inputs(inputs, device or torch.device("cpu"))
                inputs = preprocess.normalised(inputs)
                logits = module(inputs).float()
                if mirrored:
                    both = (logits, module(inputs.flip(3)).float())
                    logits = torch.logaddexp(*(one.log_softmax(1) for one in both)) - math.log(2)
                right += int((logits.argmax(1) == labels).sum())
                loss += float(nn.functional.cross_entropy(logits, labels, reduction="sum"))
    finally:
        module.train(was_training)
    return Score(right / max(len(part), 1), loss / max(len(part), 1), len(part))


def whole_pictures(part: PictureSet, chosen: slice, side: int) -> Tensor:
    """float32 [N, 3, side, side] in 0..1: the chosen pictures, squashed to squares."""
    pixels = np.stack([squashed(one, side) for one in part.pixels[chosen]])
    return pixels_to_tensor(pixels)
