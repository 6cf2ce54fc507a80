"""Memory for the tensors that a trace retains, allocated in large blocks."""

from __future__ import annotations

import torch
from torch import Tensor

# The C library maps allocations of more than 32 MB separately, page by page as they are written,
# and returns them to the system as a whole. All smaller ones share one heap.
_BLOCK_BYTES = 64 * 2**20
_ALIGNMENT = 64


class TensorBuffer:
    """Stores copies of tensors next to each other in blocks of their own.

    On the heap they would be scattered between each layer's temporary tensors and leave holes that
    nothing fits into: a fifth more memory for a large transformer.
    """

    def __init__(self) -> None:
        self._free = torch.empty(0, dtype=torch.uint8, device="cpu")

    def store(self, value: Tensor) -> Tensor:
        """Copy a tensor.

        Parameters
        ----------
        value
            Any tensor. Off the CPU, or if it is large, the copy is allocated separately.

        Returns
        -------
        Tensor
            Contiguous, without a graph.
        """
        size = value.numel() * value.element_size()
        if value.device.type != "cpu" or size > _BLOCK_BYTES // 4:
            return value.detach().clone(memory_format=torch.contiguous_format)
        room = -(-size // _ALIGNMENT) * _ALIGNMENT
        if len(self._free) < room:
            self._free = torch.empty(_BLOCK_BYTES, dtype=torch.uint8, device="cpu")
        copy = self._free[:size].view(value.dtype).view(value.shape)
        self._free = self._free[room:]
        return copy.copy_(value.detach())
