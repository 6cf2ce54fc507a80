"""Accuracy of a network on a set of pictures."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from attnviz.models.device import move_inputs
from attnviz.models.preprocess import Preprocess, pixels_to_tensor
from attnviz.training.data.data import PictureSet, squash
from attnviz.training.data.memory import keep_freed_memory
from attnviz.types import IntArray


@dataclass(frozen=True)
class Score:
    """Result of `evaluate`.

    Attributes
    ----------
    top1
        Share of pictures whose highest score is the right class, 0..1.
    loss
        Mean cross entropy, in nats.
    pictures
        Number of pictures.
    """

    top1: float
    loss: float
    pictures: int

    @property
    def margin(self) -> float:
        """Half the width of the 95 % interval of `top1`, by the normal approximation."""
        return 1.96 * float(np.sqrt(self.top1 * (1 - self.top1) / max(self.pictures, 1)))


def accuracy_interval(accuracy: float, pictures: int) -> tuple[float, float]:
    """Return the 95 % interval of an accuracy (Wilson 1927), which also holds for few pictures.

    Parameters
    ----------
    accuracy
        Share of right answers, 0..1.
    pictures
        Number of pictures it was measured on, 1 or more.

    Returns
    -------
    low, high : float
        0..1.

    Examples
    --------
    >>> [round(end, 3) for end in accuracy_interval(0.5, 4)]
    [0.15, 0.85]
    """
    square = 1.96**2
    middle = accuracy + square / (2 * pictures)
    half = 1.96 * math.sqrt(
        accuracy * (1 - accuracy) / pictures + square / (4 * pictures * pictures)
    )
    scale = 1 + square / pictures
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def chance_accuracy(labels: IntArray) -> float:
    """Return the accuracy of always naming the most frequent class: 1/n for n equal classes."""
    return float(np.bincount(labels).max() / len(labels)) if len(labels) else 0.0


def has_learned(accuracy: float, pictures: int, chance: float) -> bool:
    """Return whether an accuracy is above chance by more than its 95 % interval."""
    return pictures > 0 and accuracy_interval(accuracy, pictures)[0] > chance


def evaluate(
    module: nn.Module,
    part: PictureSet,
    preprocess: Preprocess,
    *,
    side: int,
    device: torch.device | None = None,
    batch: int = 64,
    mirrored: bool = False,
    check_stop: Callable[[], None] | None = None,
) -> Score:
    """Score a network on pictures squashed to squares; its mode is restored afterwards.

    Parameters
    ----------
    module
        The network.
    part
        Pictures and their classes.
    preprocess
        Normalises the inputs.
    side
        Input side in pixels.
    device
        Where `module` is; the CPU if None.
    batch
        Pictures per pass.
    mirrored
        Average the probabilities over each picture and its mirror image.
    check_stop
        Called before each batch; an exception from it ends the scoring.

    Returns
    -------
    Score
        Top-1 accuracy and mean loss.
    """
    keep_freed_memory()
    was_training = module.training
    module.eval()
    right, loss = 0, 0.0
    try:
        with torch.inference_mode():
            for start in range(0, len(part), batch):
                if check_stop is not None:
                    check_stop()
                labels = torch.from_numpy(part.labels[start : start + batch]).to(device)
                inputs = square_inputs(part, slice(start, start + batch), side)
                inputs = move_inputs(inputs, device or torch.device("cpu"))
                inputs = preprocess.normalised(inputs)
                logits = module(inputs).float()
                if mirrored:
                    pair = (logits, module(inputs.flip(3)).float())
                    logits = torch.logaddexp(*(s.log_softmax(1) for s in pair)) - math.log(2)
                right += int((logits.argmax(1) == labels).sum())
                loss += float(nn.functional.cross_entropy(logits, labels, reduction="sum"))
    finally:
        module.train(was_training)
    return Score(right / max(len(part), 1), loss / max(len(part), 1), len(part))


def square_inputs(part: PictureSet, chosen: slice, side: int) -> Tensor:
    """Squash pictures to squares, as network inputs that are not yet normalised.

    Parameters
    ----------
    part
        The pictures.
    chosen
        Which of them.
    side
        Side in pixels.

    Returns
    -------
    Tensor
        float32 [N, 3, side, side] in 0..1.
    """
    squares = np.stack([squash(pixels, side) for pixels in part.pixels[chosen]])
    return pixels_to_tensor(squares)


def scored_side(side: int, crop: float) -> int:
    """The input side at which a network trained on crops of `side` px is scored: a quarter larger.

    A random crop shows objects larger than the full picture does at the same input size. A larger
    input makes up for that (Touvron et al. 2019, arXiv 1906.06423); without cropping there is
    nothing to make up for.
    """
    return side if crop == 1 else side * 5 // 4
