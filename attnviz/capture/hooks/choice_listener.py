"""Notice that a network has ranked something, as it does before it chooses tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

_RANKING = frozenset(
    getattr(place, name) for place in (torch, Tensor) for name in ("topk", "sort", "argsort")
)


class ChoiceListener(TorchFunctionMode):
    """Function mode that remembers whether anything has been ranked so far, as by `topk`."""

    def __init__(self) -> None:
        super().__init__()
        self.chose = False

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Pass every function on."""
        del types
        self.chose = self.chose or func in _RANKING
        return func(*args, **(kwargs or {}))
