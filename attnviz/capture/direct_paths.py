"""A network in which a score depends on each layer of attention directly, and on no other way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import takewhile
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
    pooling = [site.module for site in pooling_sites(blocks, attention)]
    adding = [site.module for site in attention if _lies_in(site.module, inside)]
    reading = [*inside, *pooling, *(home for one in pooling if (home := _home(one, inside)))]
    with ExitStack() as stack:
        ahead = _Ahead(not pooling)
        if pooling:
            last = module.get_submodule(pooling[-1])
            stack.callback(last.register_forward_pre_hook(ahead.end).remove)
        for name, part in module.named_modules():
            if not is_norm(part):
                continue
            if _lies_in(name, reading) and not _lies_in(name, adding):
                stack.callback(part.register_forward_pre_hook(_cut).remove)
            else:
                stack.callback(part.register_forward_pre_hook(ahead.cut).remove)
                stack.callback(part.register_forward_hook(_scale_held).remove)
        stack.enter_context(length_held())
        yield


def pooling_sites(blocks: Sequence[Site], attention: Sequence[Site]) -> tuple[Site, ...]:
    """Return the attention behind all blocks, whose sum is one of its own; often there is none.

    Parameters
    ----------
    blocks, attention
        As for `direct_paths`.

    Returns
    -------
    tuple of Site
        Such as SigLIP's pooling, or CaiT's layers of the class token.
    """
    inside = [site.module for site in blocks]
    behind = takewhile(lambda site: not _lies_in(site.module, inside), reversed(attention))
    return tuple(behind)[::-1]


class _Ahead:
    """Cuts what norms let through until the last pooling begins: only it and its like add."""

    def __init__(self, over: bool) -> None:
        self.over = over

    def end(self, _module: nn.Module, _entering: tuple[Any, ...]) -> None:
        self.over = True

    def cut(self, norm: nn.Module, entering: tuple[Any, ...]) -> tuple[Any, ...]:
        return entering if self.over else _cut(norm, entering)


def _lies_in(name: str, outer: Sequence[str]) -> bool:
    return any(name.startswith(f"{one}.") for one in outer)


def _home(name: str, blocks: Sequence[str]) -> str:
    """The module around attention that lies in no block; nothing if it holds blocks too."""
    home = name.rpartition(".")[0]
    return "" if any(one.startswith(f"{home}.") for one in blocks) else home


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
