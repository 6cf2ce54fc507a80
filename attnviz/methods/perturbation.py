"""Methods that change the picture and ask for the score again: they see nothing of the network."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

import torch
from torch import Tensor

from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.capture.hooks.state_guard import state_guard
from attnviz.capture.logits import logits_of, target_classes
from attnviz.errors import MethodError
from attnviz.methods.base import ChooseClasses, Method, Nature
from attnviz.methods.inference import Inference, LayerMaps, MethodResult
from attnviz.methods.smoothing import smoothed
from attnviz.models.scores import Scores
from attnviz.progress import report_progress

INPUT = "input"
_LARGEST_BATCH = 32
_BATCH_PIXELS = 32 * 320 * 320  # larger inputs come in smaller batches
_BLUR = 0.07  # standard deviation over the shorter side; as the experiments of `evidence` blur


class Hidden(StrEnum):
    """What stands in place of a hidden part: the picture's mean colour, its blur, or zeros."""

    MEAN = "mean"
    BLUR = "blur"
    ZERO = "zero"


AskScores = Callable[[Tensor], Tensor]
"""From inputs [k, C, h, w] to what `measured` takes of the explained classes, float32 [k, K]."""


@dataclass(frozen=True)
class PerturbationMethod(Method):
    """Base of the methods that hide parts of the input and see how the scores change.

    They work on whatever returns scores, also on what has no layers and no gradients. Their one map
    has the size of the input; several classes share all passes.
    """

    kind: ClassVar[None] = None
    nature: ClassVar[Nature] = Nature.RELEVANCE
    many_passes: ClassVar[bool] = True

    def measured(self, logits: Tensor, scores: Scores) -> Tensor:
        """Return what is measured of each variant: the logits float32 [k, classes] themselves."""
        del scores
        return logits

    @abstractmethod
    def maps(self, picture: Tensor, ask: AskScores) -> Tensor:
        """Return the maps of all classes for one input.

        Parameters
        ----------
        picture
            [1, C, h, w].
        ask
            Runs the network on variants of the input, in batches of `batch_size` at most.

        Returns
        -------
        Tensor
            float32 [K, h, w].
        """

    def run(self, inference: Inference) -> MethodResult:
        """See `Method`."""
        asking = _Asking(self, inference)
        found = [
            asking.maps_of(inputs, lambda logits: target_classes(logits, inference.target))
            for inputs in torch.split(asking.inputs, 1)
        ]
        logits, classes, maps = (torch.cat(parts) for parts in zip(*found, strict=True))
        return MethodResult((LayerMaps(INPUT, maps.numpy()),), logits, classes, INPUT)

    def run_for_classes(
        self, inference: Inference, choose: ChooseClasses, layer: str | None = None
    ) -> tuple[MethodResult, ...]:
        """See `Method`; all classes share the passes."""
        del layer

        def chosen(logits: Tensor) -> Tensor:
            return torch.cat([target_classes(logits, index) for index in choose(logits.cpu())])

        asking = _Asking(self, inference)
        logits, classes, maps = asking.maps_of(asking.inputs, chosen)
        return tuple(
            MethodResult((LayerMaps(INPUT, one.numpy()),), logits, index, INPUT)
            for one, index in zip(torch.split(maps, 1), torch.split(classes, 1), strict=True)
        )


class _Asking:
    """The passes of one run: of the inputs themselves, and of their variants."""

    def __init__(self, method: PerturbationMethod, inference: Inference) -> None:
        self.method, self.inference = method, inference
        self.module, self.inputs = prepare_for_hooks(inference.module, inference.inputs)
        self._done = 0
        self._total = method.cost(inference).forward * len(inference.inputs)

    def maps_of(
        self, picture: Tensor, choose: Callable[[Tensor], Tensor]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Logits [1, classes], the classes chosen by them, int64 [K], and maps [K, h, w]."""
        with state_guard(self.module), torch.inference_mode():
            logits = self._logits(picture)
            classes = choose(logits)
            maps = self.method.maps(picture, lambda batch: self._measured(batch)[:, classes])
        return logits.cpu().clone(), classes.cpu().clone(), maps.float().cpu().clone()

    def _measured(self, batch: Tensor) -> Tensor:
        return self.method.measured(self._logits(batch), self.inference.scores)

    def _logits(self, batch: Tensor) -> Tensor:
        logits = logits_of(self.module(batch), self.module).float()
        self._done += len(batch)
        report_progress(self.inference.progress, self._done, self._total)
        return logits


def batch_size(picture: Tensor) -> int:
    """Return how many variants of an input [1, C, h, w] go through a network at once."""
    height, width = picture.shape[-2:]
    return max(1, min(_LARGEST_BATCH, _BATCH_PIXELS // (height * width)))


def hidden_picture(picture: Tensor, hidden: str) -> Tensor:
    """Return what stands in place of the parts of an input that are hidden.

    Parameters
    ----------
    picture
        float [1, C, h, w].
    hidden
        A `Hidden`, or its name.

    Returns
    -------
    Tensor
        [1, C, h, w] or [1, C, 1, 1]. The mean and the blur do not depend on how inputs are
        normalised; zero is the mean grey where the mean is subtracted, and black where it is not.

    Raises
    ------
    MethodError
        There is nothing of that name.
    """
    if hidden not in set(Hidden):
        raise MethodError(f"Hidden parts are {', '.join(Hidden)}, not {hidden!r}. Choose one.")
    if hidden == Hidden.ZERO:
        return torch.zeros_like(picture[:, :, :1, :1])
    if hidden == Hidden.MEAN:
        return picture.float().mean((2, 3), keepdim=True).to(picture.dtype)
    side = min(picture.shape[-2:])
    return smoothed(picture.float(), _BLUR * side, "reflect").to(picture.dtype)
