"""A black box in the place of a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from attnviz.errors import AttnvizError, ModelError
from attnviz.models.black_box.handed import Handed, Takes, first_line
from attnviz.models.black_box.places import as_places, first_of, joined
from attnviz.models.device import is_out_of_memory
from attnviz.models.outputs.base import Outputs

LARGEST_BATCH = 32
_ROWS = "Return one row of scores for each picture, [N, classes]."


class BlackBox(nn.Module):
    """Scores float32 [N, classes] of inputs [N, C, h, w], by something that is called in batches.

    It has no weights, no layers and no gradients. What is called is not registered as a module, so
    that nothing looks into it.

    Parameters
    ----------
    handed
        What is called.
    batch
        How many pictures it is given at once, at most; `LARGEST_BATCH` if None.
    outputs
        How what it returns is read, if it finds boxes or regions: then this is what it returns.
    """

    def __init__(
        self, handed: Handed, batch: int | None = None, outputs: Outputs | None = None
    ) -> None:
        super().__init__()
        self.outputs = outputs
        self.name = handed.name
        self.batch = handed.batch or batch or LARGEST_BATCH
        self._handed = handed
        self._classes: int | None = None

    @torch.no_grad()
    def forward(self, inputs: Tensor) -> Any:
        """Ask for the scores of each picture, or for what is found there."""
        parts = [self._asked(part) for part in torch.split(inputs.detach(), self.batch)]
        whole = joined(parts)
        return whole.to(inputs.device) if isinstance(whole, Tensor) else whole

    def _asked(self, part: Tensor) -> Any:
        number = len(part)
        if self._handed.batch is not None:  # it takes no fewer, so the last one is repeated
            part = torch.cat([part, part[-1:].expand(self.batch - number, -1, -1, -1)])
        try:
            returned = self._handed.call(self._batch(part))
        except AttnvizError:
            raise
        except Exception as error:
            if is_out_of_memory(error):
                raise
            height, width = part.shape[-2:]
            raise ModelError(
                f"{self.name} failed on {_counted(len(part))} of {height} x {width} pixels "
                f"({first_line(error)}). Call it with such a batch by itself to see why, and say "
                "with `input_size`, `preprocess`, `batch` and `takes` what it needs."
            ) from error
        if self.outputs is not None:
            return first_of(as_places(returned, len(part), self.name, self.outputs), number)
        return self._checked(returned, len(part))[:number]

    def _batch(self, part: Tensor) -> Any:
        if self._handed.takes is Takes.TENSOR:
            return part.float().to(self._handed.device).contiguous()
        values = part.float().cpu()
        if self._handed.takes is Takes.ARRAY:
            return np.ascontiguousarray(values.numpy())
        pixels = (values * 255).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
        return [np.ascontiguousarray(one) for one in pixels.numpy()]

    def _checked(self, returned: Any, number: int) -> Tensor:
        """The scores float32 [N, classes] in what was returned."""
        scores = self._numbers(returned, number)
        if scores.ndim == 1 and len(scores) == number:  # one score for each picture
            scores = scores[:, None]
        shape = " x ".join(map(str, scores.shape))
        if scores.ndim != 2 or not scores.numel():
            what = {0: "a single number", 1: f"a vector of {shape} numbers"}.get(
                scores.ndim, f"an array of {shape} numbers"
            )
            raise ModelError(f"{self.name} returned {what} for {_counted(number)}. {_ROWS}")
        if len(scores) != number:
            raise ModelError(
                f"{self.name} returned {len(scores)} rows of scores for {_counted(number)}. {_ROWS}"
            )
        if self._classes not in (None, scores.shape[1]):
            raise ModelError(
                f"{self.name} returned {scores.shape[1]} scores for a picture, and "
                f"{self._classes} before. Return the same classes each time."
            )
        self._classes = scores.shape[1]
        if bool(scores.isnan().any()):
            raise ModelError(
                f"{self.name} returned NaN for a picture. Look at its scores of this picture, also "
                "with parts of it hidden, and return numbers."
            )
        return scores

    def _numbers(self, returned: Any, number: int) -> Tensor:
        """What was returned as float32, without a check of its shape."""
        if isinstance(returned, Mapping) and "logits" in returned:
            returned = returned["logits"]
        first = returned[0] if isinstance(returned, (tuple, list)) and returned else None
        if isinstance(first, (Tensor, np.ndarray)) and first.ndim == 2:
            returned = first
        if isinstance(returned, Tensor):
            return returned.detach().float().cpu()
        try:
            if returned is None:  # NumPy would take it for NaN
                raise TypeError
            return torch.from_numpy(np.array(returned, dtype=np.float32))
        except (TypeError, ValueError) as error:
            what = "nothing" if returned is None else f"a value of the type {_type(returned)}"
            raise ModelError(
                f"{self.name} returned {what} for {_counted(number)}, and not numbers. {_ROWS}"
            ) from error


def _counted(number: int) -> str:
    return "1 picture" if number == 1 else f"{number} pictures"


def _type(value: object) -> str:
    return type(value).__name__
