"""Room for what is kept of a pass, taken from the system in large pieces."""

from __future__ import annotations

import torch
from torch import Tensor

# The C library takes pieces of more than 32 MB from the system by themselves, page by page as they
# are written to, and gives them back whole. All smaller ones come from one heap.
_PIECE = 64 * 2**20
_ALIGNED = 64


class TensorBuffer:
    """Copies of tensors, beside each other in pieces of their own.

    On the heap they would lie between what each layer throws away, and leave holes that nothing
    fits into: a fifth more memory for a large transformer.
    """

    def __init__(self) -> None:
        self._rest = torch.empty(0, dtype=torch.uint8, device="cpu")

    def store(self, value: Tensor) -> Tensor:
        """A contiguous copy of `value`, without a graph; in memory of its own off the CPU."""
        size = value.numel() * value.element_size()
        if value.device.type != "cpu" or size > _PIECE // 4:
            return value.detach().clone(memory_format=torch.contiguous_format)
        room = -(-size // _ALIGNED) * _ALIGNED
        if len(self._rest) < room:
            self._rest = torch.empty(_PIECE, dtype=torch.uint8, device="cpu")
        kept = self._rest[:size].view(value.dtype).view(value.shape)
        self._rest = self._rest[room:]
        return kept.copy_(value.detach())
