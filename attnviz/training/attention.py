"""The attention that a recording keeps: one map for each layer that decides where to look.

Soft masks come from the taps of `attnviz.capture`. The gates and the attention of the zoo's own
networks are watched here, in the same pass, for a recording wants the one map of a layer that can
be compared over time and nothing else of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from attnviz.capture.run import capture
from attnviz.capture.soft_masks import find_soft_masks
from attnviz.errors import TrainingError
from attnviz.methods import METHODS
from attnviz.models.zoo.cbam import SpatialGate
from attnviz.models.zoo.vision_transformer import PositionEmbedding, SelfAttention

Maps = dict[tuple[str, str], npt.NDArray[np.float32]]

SOFT_MASK = "soft-mask"
CLASS_ATTENTION = "raw-attention"
MASK_METHODS = (SOFT_MASK, "mask-effect")


def read_attention(module: nn.Module, inputs: Tensor) -> tuple[Maps, Tensor]:
    """Maps float32 [pictures, h, w] by (method, layer), and logits [pictures, classes].

    For soft masks the mask and its effect; for a spatial gate the factors it puts out; for
    self-attention the weights with which the class token looks at each place, mean over heads.
    Runs in evaluation mode and leaves no hook behind. inputs: [pictures, 3, H, W], normalised.

    Raises TrainingError if the network has none of these.
    """
    masks = find_soft_masks(module)
    watch = _Watch()
    with ExitStack() as hung:
        for part, see in watch.hooks(module):
            hung.callback(part.register_forward_hook(see).remove)
        trace = capture(module, inputs, masks)
    maps = dict(watch.maps)
    if masks:
        maps |= {
            (name, one.layer): one.values
            for name in MASK_METHODS
            for one in METHODS.get(name)()(trace)
        }
    if not maps:
        raise TrainingError(
            f"{type(module).__name__} has no soft mask, no spatial gate and no self-attention of "
            "the zoo, so there is no attention to record. Train it without a recorder."
        )
    return maps, trace.logits


class _Watch:
    """What hooks see during one pass."""

    def __init__(self) -> None:
        self.maps: Maps = {}
        self._grid = (0, 0)

    def hooks(self, module: nn.Module) -> Iterator[tuple[nn.Module, Callable[..., None]]]:
        """Each module to watch, with the hook that sees its output."""
        for name, part in module.named_modules():
            if isinstance(part, PositionEmbedding):
                yield part, self._see_grid
            elif isinstance(part, SpatialGate):
                yield part, self._gate_hook(name.rpartition(".")[0] or name)
            elif isinstance(part, SelfAttention):
                yield part.qkv, self._attention_hook(name, part.heads)

    def _see_grid(self, _module: nn.Module, _inputs: Any, output: Tensor) -> None:
        self._grid = (output.shape[-2], output.shape[-1])

    def _gate_hook(self, layer: str) -> Callable[..., None]:
        def see(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
            self.maps[SOFT_MASK, layer] = _plain(output[:, 0])

        return see

    def _attention_hook(self, layer: str, heads: int) -> Callable[..., None]:
        def see(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
            self.maps[CLASS_ATTENTION, layer] = _plain(class_attention(output, heads, self._grid))

        return see


def class_attention(qkv: Tensor, heads: int, grid: tuple[int, int]) -> Tensor:
    """How much token 0 looks at each cell of `grid`, mean over heads: [N, rows, columns].

    qkv: [N, tokens, 3 x width] as `SelfAttention.qkv` puts it out; the last tokens are the cells.
    The sum over a map is 1 less what the class token gives to itself.
    """
    count, tokens, wide = qkv.shape
    query, key, _ = qkv.float().view(count, tokens, 3, heads, wide // (3 * heads)).unbind(2)
    scores = torch.einsum("nhd,nthd->nht", query[:, 0], key) / query.shape[-1] ** 0.5
    weights = scores.softmax(-1).mean(1)
    rows, columns = grid
    cells: Tensor = weights[:, tokens - rows * columns :]
    return cells.reshape(count, rows, columns)


def _plain(values: Tensor) -> npt.NDArray[np.float32]:
    return values.detach().float().cpu().numpy()
