"""Run a network in the type of its weights although it switches autocast on."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode


class FullPrecision(TorchFunctionMode):
    """Function mode in which autocast does nothing, in its own thread.

    A network may enter `torch.autocast` in its `forward`, also in that of a module deep inside. The
    small steps by which discovery finds out where tokens lie would then be rounded away.

    Parameters
    ----------
    like
        A tensor on the network's device.
    """

    def __init__(self, like: Tensor) -> None:
        super().__init__()
        self._device = like.device.type

    def __torch_function__(
        self, func: Any, _types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """See `TorchFunctionMode`."""
        enabled = torch.is_autocast_enabled(self._device)
        if not enabled:
            return func(*args, **(kwargs or {}))
        torch.set_autocast_enabled(self._device, False)
        try:
            return func(*args, **(kwargs or {}))
        finally:
            torch.set_autocast_enabled(self._device, enabled)
