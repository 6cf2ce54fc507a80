"""How much the blocks that hold attention change what runs through them."""

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
    """`|y - x| / |x|`, mean over pictures, of a gate that makes y of x.

    x is what the gated features are added to, and where they are added to nothing (naive gating),
    the features themselves. Lengths are over channels and places.
    """
    passed = reading.mask * reading.trunk
    if reading.base is None:
        return relative_change(reading.trunk, passed)
    return relative_change(reading.base, reading.base + passed)


def relative_change(before: Tensor, after: Tensor) -> float:
    """`|after - before| / |before|`, mean over the first axis; 0 / 0 is 0."""
    changed, whole = (
        torch.linalg.vector_norm(one.detach().float().flatten(1), dim=1)
        for one in (after - before, before)
    )
    return float((changed / whole.clamp_min(1e-12)).mean())


@contextmanager
def watched_blocks(module: nn.Module, sites: Sequence[Site]) -> Iterator[dict[str, float]]:
    """Fill, in every pass meanwhile, `|y - x| / |x|` of the block around each self-attention.

    The block is the largest module with no other attention inside that returns a tensor of the
    shape of the one it was given: in a transformer, attention and MLP with both of their short
    cuts. Layers without such a module are left out. Keys are the names of the sites' layers.
    """
    effects: dict[str, float] = {}
    layers = [site.layer for site in sites if site.kind is Kind.CONTEXT]
    with ExitStack() as hung:
        for layer in layers:
            for name in _around(layer):
                if sum(one.startswith(f"{name}.") for one in layers) == 1:
                    handle = module.get_submodule(name).register_forward_hook(
                        _noting(effects, layer)
                    )
                    hung.callback(handle.remove)
        yield effects


def _around(layer: str) -> list[str]:
    """`a.b.c` -> `a.b`, `a`: all modules around it but the network itself."""
    parts = layer.split(".")
    return [".".join(parts[:length]) for length in range(len(parts) - 1, 0, -1)]


def _noting(effects: dict[str, float], layer: str) -> Callable[..., None]:
    """A hook; of modules inside each other the largest is left last, and its word stays."""

    def note(_module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        before = inputs[0] if inputs else None
        # Whatever else it returns: by its shape, this is what runs through it.
        after = first_tensor(output)
        if isinstance(before, Tensor) and after is not None and before.shape == after.shape:
            effects[layer] = relative_change(before, after)

    return note
