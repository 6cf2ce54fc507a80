"""The logits in a network's output, and the classes that are explained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from attnviz.errors import ModelError
from attnviz.models.classes import index_of_class
from attnviz.models.entries import entry

_MAX_KEYS_SHOWN = 8
_EMBEDDINGS = ("image_embeds", "pooler_output")  # of Hugging Face's networks without a head


def target_classes(logits: Tensor, target: Tensor | int | None) -> Tensor:
    """Choose the class to explain for each input.

    Parameters
    ----------
    logits
        [N, classes].
    target
        One class for all inputs, or int64 [N]; the top prediction of each input if None.

    Returns
    -------
    Tensor
        int64 [N].

    Raises
    ------
    UnknownClassError
        The network has no such class.
    """
    if target is None:
        return logits.detach().argmax(1)
    each = target.tolist() if isinstance(target, Tensor) and target.ndim else [target]
    indices = [index_of_class(one, (), logits.shape[1]) for one in each]
    return torch.tensor(indices, device=logits.device).expand(len(logits))


def logits_of(output: Any, network: nn.Module, count: int | None = None) -> Tensor:
    """Find the logits in a network's output.

    Parameters
    ----------
    output
        A tensor, a tuple or list that begins with it, or an output object or dictionary with an
        entry `logits`, or, without one, with an embedding (`image_embeds`, `pooler_output`).
    network
        The network that returned it, named in the error.
    count
        How many inputs it got; allows a single number for each of them, without a dimension of
        classes.

    Returns
    -------
    Tensor
        [N, classes].

    Raises
    ------
    ModelError
        The output holds no logits of this shape.
    """
    returned = output
    _, output = _entry(output)
    if isinstance(output, (tuple, list)) and output:
        output = output[0]
    if isinstance(output, Tensor) and output.ndim == 2:
        return output
    if isinstance(output, Tensor) and output.ndim < 2 and output.numel() == count:
        return output.reshape(count, 1)
    raise ModelError(
        f"{type(network).__name__} returned {_described(returned)}, not logits of the shape "
        "[N, classes]. Wrap it in a module that returns them."
    )


def is_embedding(output: Any) -> bool:
    """Return whether what `logits_of` finds in a network's output is an embedding by its name."""
    return _entry(output)[0] in _EMBEDDINGS


def _entry(output: Any) -> tuple[str, Any]:
    """The name and the value of what holds the logits; without a name, the output itself."""
    for name in ("logits", *_EMBEDDINGS):
        inner = entry(output, name)
        if inner is not None:
            return name, inner
    return "", output


def _described(output: Any) -> str:
    """Describe a network's output for a message: its shape, keys or type."""
    if isinstance(output, Tensor):
        return f"a tensor of the shape {list(output.shape)}"
    if isinstance(output, Mapping):
        keys = [*map(repr, output)]
        more = ", ..." if len(keys) > _MAX_KEYS_SHOWN else ""
        return f"a dictionary with the keys {', '.join(keys[:_MAX_KEYS_SHOWN]) or 'none'}{more}"
    if isinstance(output, (tuple, list)) and output:
        return f"a {type(output).__name__} that begins with {_described(output[0])}"
    return f"a value of the type {type(output).__name__}"
