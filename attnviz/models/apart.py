"""Long work beside short looks: a network's structure a second time, over the same weights.

Hooks, modes and flags are set on modules. Work of many passes on modules of its own lets others use
the network meanwhile, and neither sees what the other has set.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from threading import RLock

from torch import Tensor, nn

from attnviz.models.vision_model import VisionModel

_HELD: ContextVar[bool] = ContextVar("a network is held that others may wait for", default=False)


def network_held() -> bool:
    """Return whether this thread has a network to itself, and so must not wait for others."""
    return _HELD.get()


@contextmanager
def held(model: VisionModel) -> Iterator[VisionModel]:
    """Yield a model that others have to wait for until the end of the block.

    Parameters
    ----------
    model
        From `load_model` or `wrap`.

    Yields
    ------
    VisionModel
        The model itself.
    """
    with model.lock:
        token = _HELD.set(True)
        try:
            yield model
        finally:
            _HELD.reset(token)


@contextmanager
def set_apart(model: VisionModel) -> Iterator[VisionModel]:
    """Yield a model for long work, while which others may use `model`.

    What is found out about the network meanwhile, such as how its output is read, is known of
    `model` afterwards.

    Parameters
    ----------
    model
        From `load_model` or `wrap`.

    Yields
    ------
    VisionModel
        With modules and a lock of its own, and the same weights in memory. A network that cannot be
        copied is yielded itself, `held`.
    """
    with model.lock:  # no hook of a pass is copied
        module = _second_structure(model.module)
    if module is None:
        with held(model):
            yield model
        return
    own = replace(model, module=module, lock=RLock())
    before = {name: getattr(own, name) for name in ("spec", "scores", "notes", "inferred")}
    try:
        yield own
    finally:
        for name, value in before.items():
            if getattr(own, name) is not value:
                setattr(model, name, getattr(own, name))


def _second_structure(module: nn.Module) -> nn.Module | None:
    """Copy the modules but not their tensors; None if that cannot be done, or not be trusted."""
    if any(_may_run_others(one) for one in module.modules()):
        return None
    try:
        return copy.deepcopy(module, {id(tensor): _shared(tensor) for tensor in _tensors(module)})
    except Exception:  # networks may hold anything: locks, sessions, generators
        return None


def _may_run_others(module: nn.Module) -> bool:
    """Whether it runs compiled code, or a function that a copy would have in common with it."""
    return "forward" in vars(module) or module._compiled_call_impl is not None


def _tensors(module: nn.Module) -> Iterator[Tensor]:
    """Parameters, buffers, and what modules keep as plain attributes."""
    yield from module.parameters()
    yield from module.buffers()
    for one in module.modules():
        yield from (value for value in vars(one).values() if isinstance(value, Tensor))


def _shared(tensor: Tensor) -> Tensor:
    """The same memory; whether it takes gradients can be set for each."""
    if type(tensor) is nn.Parameter:
        return nn.Parameter(tensor.detach(), requires_grad=tensor.requires_grad)
    if type(tensor) is Tensor:
        return tensor.detach()
    raise TypeError(f"{type(tensor).__name__} may not share its memory")
