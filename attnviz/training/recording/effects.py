"""Relative change of the features by gates and by blocks with self-attention."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from attnviz.capture.hooks.outputs import first_tensor
from attnviz.capture.readings import SoftMaskReading
from attnviz.capture.site import Kind, Site


def gate_effect(reading: SoftMaskReading) -> float:
    """`|y - x| / |x|` of a gate that makes y of x, averaged over pictures.

    x is what the gated features are added to; where they are added to nothing (naive gating), the
    features themselves. Norms are over channels and positions.

    Parameters
    ----------
    reading
        What was read at the gate, of all pictures.
    """
    passed = reading.mask * reading.trunk
    if reading.base is None:
        return relative_change(reading.trunk, passed)
    return relative_change(reading.base, reading.base + passed)


def relative_change(before: Tensor, after: Tensor) -> float:
    """`|after - before| / |before|`, averaged over the first axis; 0 / 0 is 0.

    Parameters
    ----------
    before, after
        [N, ...] of the same shape.
    """
    changed, original = (
        torch.linalg.vector_norm(features.detach().float().flatten(1), dim=1)
        for features in (after - before, before)
    )
    return float((changed / original.clamp_min(1e-12)).mean())


@contextmanager
def record_block_effects(module: nn.Module, sites: Sequence[Site]) -> Iterator[dict[str, float]]:
    """Record `|y - x| / |x|` of the block around each self-attention in every pass.

    The block is the largest module with no other attention inside that returns a tensor of its
    input's shape: in a transformer, attention and MLP with both residual connections. Layers
    without such a module are left out.

    Parameters
    ----------
    module
        The network.
    sites
        Its attention sites.

    Yields
    ------
    dict[str, float]
        Effects by layer name, filled during each pass.
    """
    effects: dict[str, float] = {}
    layers = [site.layer for site in sites if site.kind is Kind.CONTEXT]
    with ExitStack() as stack:
        for layer in layers:
            for name in _enclosing_modules(layer):
                if sum(other.startswith(f"{name}.") for other in layers) == 1:
                    handle = module.get_submodule(name).register_forward_hook(
                        _effect_hook(effects, layer)
                    )
                    stack.callback(handle.remove)
        yield effects


def _enclosing_modules(layer: str) -> list[str]:
    """`a.b.c` -> `a.b`, `a`: all modules around a layer but the network itself."""
    parts = layer.split(".")
    return [".".join(parts[:length]) for length in range(len(parts) - 1, 0, -1)]


def _effect_hook(effects: dict[str, float], layer: str) -> Callable[..., None]:
    """A hook; of nested modules the outermost runs last and overwrites the others."""

    def hook(_module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        before = inputs[0] if inputs else None
        # A block may return other tensors too: the one of the input's shape is its features.
        after = first_tensor(output)
        if isinstance(before, Tensor) and after is not None and before.shape == after.shape:
            effects[layer] = relative_change(before, after)

    return hook
