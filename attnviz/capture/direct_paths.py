"""A network in which a score depends on each layer of attention directly, and on no other way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from attnviz.capture.discovery.final_norm import is_norm
from attnviz.capture.site import Site
from attnviz.models.words_network import length_held

_TOLERANCE = 1e-2  # in half precision; a norm of another kind is off by much more


@contextmanager
def direct_paths(
    module: nn.Module, blocks: Sequence[Site], attention: Sequence[Site]
) -> Iterator[None]:
    """Let gradients reach attention only along the sum to which all blocks add.

    Where each block adds its attention and its MLP to a sum, and reads the sum through a norm, the
    output is a linear function of what each of them has added, if the last norm keeps the scale
    that it has in this pass. Inside the context the derivative of the output by what attention
    returns is that function: what later blocks make of it is left out, and the scales of the norms
    behind the blocks, and the length of an embedding that is compared with words, are constants.
    The values of the pass stay as they are.

    Parameters
    ----------
    module
        As from `prepare_for_hooks`; the caller holds its lock.
    blocks
        Its sites of features, inside of which norms lead to attention and to the MLP.
    attention
        Its sites of self-attention. Norms inside of their modules belong to what is added.

    Yields
    ------
    None
    """
    inside = [site.module for site in blocks]
    adding = [
        site.module for site in attention if any(_lies_in(site.module, block) for block in inside)
    ]
    with ExitStack() as stack:
        for name, part in module.named_modules():
            if not is_norm(part):
                continue
            reads = any(_lies_in(name, block) for block in inside)
            if reads and not any(_lies_in(name, one) for one in adding):
                stack.callback(part.register_forward_pre_hook(_cut).remove)
            else:
                stack.callback(part.register_forward_hook(_scale_held).remove)
        stack.enter_context(length_held())
        yield


def _lies_in(name: str, outer: str) -> bool:
    return name.startswith(f"{outer}.")


def _cut(_norm: nn.Module, entering: tuple[Any, ...]) -> tuple[Any, ...]:
    """Let no gradient pass a norm."""
    return tuple(one.detach() if isinstance(one, Tensor) else one for one in entering)


def _scale_held(norm: nn.Module, entering: tuple[Any, ...], output: Any) -> Any:
    """The same values, as a linear function of what enters; norms of other kinds stay."""
    shape = getattr(norm, "normalized_shape", None)
    if not isinstance(output, Tensor) or not output.requires_grad or shape is None:
        return output
    value, dims = entering[0], tuple(range(-len(shape), 0))
    if isinstance(norm, nn.LayerNorm):
        value = value - value.mean(dims, keepdim=True)
    eps: float = getattr(norm, "eps", None) or torch.finfo(value.dtype).eps
    weight, bias = (getattr(norm, name, None) for name in ("weight", "bias"))
    scale = (value.detach().float().square().mean(dims, keepdim=True) + eps).rsqrt()
    scale = scale if weight is None else scale * weight.detach().float()
    linear = value * scale.to(output.dtype)
    whole = linear if bias is None else linear + bias
    same = linear.shape == output.shape and torch.allclose(
        whole.detach(), output.detach(), rtol=_TOLERANCE, atol=_TOLERANCE
    )
    return output.detach() + linear - linear.detach() if same else output
