"""Any function of the network's output as a target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from attnviz.errors import TargetError
from attnviz.methods.inference import Inference
from attnviz.models.device import is_out_of_memory
from attnviz.models.vision_model import VisionModel
from attnviz.targets.base import TARGETS, Passed, Scorer, Target, TextContext


@TARGETS.add
@dataclass(frozen=True)
class ScoreFunction(Target):
    """A score that a function computes from what the network returns.

    Parameters
    ----------
    function
        From the network's output for N inputs, as it is, to a differentiable score [N].

    Examples
    --------
    >>> ScoreFunction(lambda output: output[:, 0] ** 2).text()
    '<lambda>'
    """

    function: Callable[[Any], Any]

    name: ClassVar[str] = "function"
    title: ClassVar[str] = "a function of its output (in Python)"

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise TargetError(f"A score is computed by a function, not by {self.function!r}.")

    @classmethod
    def parse(cls, text: str, context: TextContext) -> Self:
        """See `Target`: no text says what a function does."""
        del context
        raise TargetError(
            f"The function {text!r} can be asked for in Python only: give it to `attnviz.explain` "
            "as target."
        )

    def text(self) -> str:
        """See `Target`."""
        return str(getattr(self.function, "__name__", type(self.function).__name__))

    def words(self, model: VisionModel) -> str:
        """See `Target`."""
        del model
        return self.text()

    def scorer(self, model: VisionModel, inference: Inference) -> Scorer:
        """See `Target`."""
        del model, inference
        return self._score

    def _score(self, passed: Passed) -> Tensor:
        try:
            score = self.function(passed.output)
        except Exception as error:
            if is_out_of_memory(error):
                raise
            raise TargetError(
                f"The function {self.text()} failed on the network's output: "
                f"{type(error).__name__}: {error}."
            ) from error
        if isinstance(score, (int, float)) and not isinstance(score, bool):
            return torch.tensor([float(score)])
        if not isinstance(score, Tensor):
            raise TargetError(
                f"The function {self.text()} returned {score!r:.80}, and no tensor with one number "
                "for each picture."
            )
        return score
