"""A network of the catalogue with the user's weights, also where they tell other classes apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from torch import nn

from attnviz.errors import WeightsError
from attnviz.models.module_inputs.base import layer_outputs
from attnviz.models.spec import ModelSpec, StateDict, WeightsRef
from attnviz.models.state import read_state


def with_weights(spec: ModelSpec, path: Path, labels: Sequence[str] = ()) -> ModelSpec:
    """Describe a network with the user's weights; what was measured for its own ones is dropped.

    Parameters
    ----------
    spec
        The network.
    path
        A `.safetensors`, `.pth` or `.pt` file. It may have another number of classes: then the last
        layer is built for it.
    labels
        Name of each class; the network's own names if empty and the number of classes is the same.

    Returns
    -------
    ModelSpec
        Named `network (file)`.

    Raises
    ------
    WeightsError
        There is no such file, it cannot be read, or the names do not fit the number of classes.
    """
    if not path.is_file():
        raise WeightsError(f"There is no file {path} with weights for {spec.name}. Check the path.")
    adapt = spec.weights.adapt if spec.weights else None
    state = read_state(path)
    build, classes = spec.build, len(spec.labels)
    heads, count = _other_heads(spec, adapt(state) if adapt else state)
    if heads:
        build, classes = partial(_with_heads, spec.build, heads, count), count
    if labels and classes and len(labels) != classes:
        raise WeightsError(
            f"{path.name} tells {classes:,} classes apart, but {len(labels):,} names were given. "
            "Give one name for each class, in the order of the network's outputs."
        )
    return replace(
        spec, name=f"{spec.name} ({path.name})", title=f"{spec.title} ({path.name})", build=build,
        weights=WeightsRef(path.name, embedded=path, adapt=adapt, bytes=path.stat().st_size),
        embedded=True, download_bytes=None, answers={}, licence="", certainty=None,
        labels=tuple(labels) or (() if heads else spec.labels),
        note=f"Weights from {path.name}.",
    )  # fmt: skip


def _other_heads(spec: ModelSpec, state: StateDict) -> tuple[tuple[str, ...], int]:
    """Layers that give one output for each class but have another number of them in the file.

    Returns
    -------
    heads : tuple of str
        Names of the layers; empty where the file fits, or differs elsewhere, which loading reports.
    count : int
        Number of classes in the file.
    """
    with torch.random.fork_rng(devices=[]), torch.device("meta"):
        module = spec.build()
    own = module.state_dict()
    changed = [key for key in own if key in state and state[key].shape != own[key].shape]
    heads = tuple(dict.fromkeys(key.rpartition(".")[0] for key in changed))
    counts = {state[key].shape[:1] for key in changed}
    outputs = [layer_outputs(module.get_submodule(head)) for head in heads]
    same_inputs = all(state[key].shape[1:] == own[key].shape[1:] for key in changed)
    if len(counts) != 1 or not same_inputs or any(n != len(spec.labels) for n in outputs):
        return (), 0
    ((count,),) = counts
    return heads, count


def _with_heads(build: Callable[[], nn.Module], heads: Sequence[str], count: int) -> nn.Module:
    """Build a network, and its last layers anew for another number of classes."""
    module = build()
    for head in heads:
        parent, _, name = head.rpartition(".")
        setattr(module.get_submodule(parent), name, _resized(module.get_submodule(head), count))
    return module


def _resized(layer: nn.Module, count: int) -> nn.Module:
    bias = getattr(layer, "bias", None) is not None
    if isinstance(layer, nn.Linear):
        return nn.Linear(layer.in_features, count, bias)
    if not isinstance(layer, nn.Conv2d):
        raise TypeError(f"{type(layer).__name__} has no outputs to count")
    size = layer.kernel_size[0], layer.kernel_size[1]
    return nn.Conv2d(layer.in_channels, count, size, bias=bias)
