"""FullGrad of pytorch-grad-cam, with the layers that add an offset, in the order of the pass."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from attnviz.capture.hooks.hook_every_module import run_with_hooks

_ADDING = (nn.Conv2d, nn.BatchNorm2d)


def full_grad(network: nn.Module, inputs: Tensor) -> Any:
    """Return the library's class, adapted to a network.

    The library takes layers of exactly two classes whose offset is named `bias`, in the order of
    their definition, although their gradients arrive in the order of the pass. Here a layer's
    offset is its output for zeros, and one pass gives the order.

    Parameters
    ----------
    network
        In evaluation mode.
    inputs
        float [N, 3, H, W]; the pass takes the first one.

    Returns
    -------
    type
        A subclass of the library's `FullGrad`, with the same arguments.
    """
    import pytorch_grad_cam as library

    layers = _with_offsets(network, inputs)

    class FullGrad(library.FullGrad):  # type: ignore[misc]
        def __init__(self, model: nn.Module, _layers: object, to_maps: Any = None) -> None:
            library.base_cam.BaseCAM.__init__(
                self, model, list(layers), to_maps, compute_input_gradient=True
            )
            self.bias_data = [offset.cpu().numpy() for offset in layers.values()]

    return FullGrad


def _with_offsets(network: nn.Module, inputs: Tensor) -> dict[nn.Module, Tensor]:
    """Layers with an offset, and that offset for each channel, float32 [C]; in forward order."""
    offsets: dict[nn.Module, Tensor] = {}

    def note(_name: str, part: nn.Module, _entering: object, _output: object) -> None:
        if isinstance(part, _ADDING) and part not in offsets:
            offset = _offset(part)
            if bool(offset.any()):
                offsets[part] = offset

    run_with_hooks(network, inputs[:1], note)
    return offsets


@torch.no_grad()
def _offset(layer: nn.Conv2d | nn.BatchNorm2d) -> Tensor:
    like = next(tensor for tensor in (*layer.parameters(), *layer.buffers()))
    if isinstance(layer, nn.Conv2d):
        sides = [size * step for size, step in zip(layer.kernel_size, layer.dilation, strict=True)]
        zeros = like.new_zeros(1, layer.in_channels, *sides)
    else:
        zeros = like.new_zeros(1, layer.num_features, 1, 1)
    return layer.forward(zeros)[0, :, 0, 0].float()  # a call would run its hooks
