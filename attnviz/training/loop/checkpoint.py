"""Everything a run needs to go on as if it had never stopped, in safetensors files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from attnviz.errors import DivergedError, TrainingError
from attnviz.files import write_whole
from attnviz.training.loop.optimizers import Optimizer

Tensors = dict[str, Tensor]


@dataclass(frozen=True)
class TrainingState:
    """Where a run stands: `step` optimiser steps are done, after `seconds` of work."""

    step: int = 0
    seconds: float = 0.0
    loss: float = float("nan")
    accuracy: float = float("nan")


def save_checkpoint(
    path: Path,
    identity: str,
    progress: TrainingState,
    module: nn.Module,
    averaged: nn.Module,
    optimizer: Optimizer,
) -> None:
    """Write `path` as a whole or not at all; `identity` tells this run from all others.

    Raises TrainingError where it cannot be written, and DivergedError where a weight or a state of
    the optimiser is NaN or infinite: going on from there would fail for ever, so the last one
    stays.
    """
    tensors = {f"module.{name}": value for name, value in module.state_dict().items()}
    tensors |= {f"averaged.{name}": value for name, value in averaged.state_dict().items()}
    tensors |= _optimizer_tensors(optimizer)
    _check_finite(tensors, progress.step, path)
    tensors = {name: value.contiguous() for name, value in tensors.items()}
    header = {"identity": identity, "progress": json.dumps(vars(progress))}
    write_whole(path, lambda partial: save_file(tensors, partial, header))


def load_checkpoint(
    path: Path,
    identity: str,
    module: nn.Module,
    averaged: nn.Module,
    optimizer: Optimizer,
) -> TrainingState:
    """Put back what `save_checkpoint` wrote; raises TrainingError if it belongs to another run."""
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            # Copies: on Windows a file that is still mapped cannot be replaced.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise TrainingError(
            f"The checkpoint {path} cannot be read ({error}). Remove it to start anew."
        ) from error
    if header.get("identity") != identity:
        raise TrainingError(
            f"The checkpoint {path} belongs to a run with another recipe, data or size. "
            "Give another output folder, or remove it to start anew."
        )
    try:
        module.load_state_dict(_under(tensors, "module."))
        averaged.load_state_dict(_under(tensors, "averaged."))
    except RuntimeError as error:
        raise TrainingError(
            f"The checkpoint {path} was made by another version of this network. "
            "Give another output folder, or remove it to start anew."
        ) from error
    _restore_optimizer(optimizer, _under(tensors, "optimizer."))
    return TrainingState(**json.loads(header["progress"]))


def _check_finite(tensors: Tensors, step: int, path: Path) -> None:
    wrong = next((name for name, value in tensors.items() if not value.isfinite().all()), None)
    if wrong is not None:
        before = f"the last one stays in {path.parent}" if path.exists() else "there is none yet"
        raise DivergedError(
            f"After step {step} {wrong} holds NaN or infinity: the training has diverged. This is "
            f"no checkpoint to go on from; {before}."
        )


def _under(tensors: Tensors, prefix: str) -> Tensors:
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }


def _optimizer_tensors(optimizer: Optimizer) -> Tensors:
    return {
        f"optimizer.{index}.{key}": torch.as_tensor(value)
        for index, state in optimizer.state_dict()["state"].items()
        for key, value in state.items()
        if value is not None
    }


def _restore_optimizer(optimizer: Optimizer, tensors: Tensors) -> None:
    state: dict[int, Tensors] = {}
    for name, value in tensors.items():
        index, _, key = name.partition(".")
        state.setdefault(int(index), {})[key] = value
    full = optimizer.state_dict()
    full["state"] = state
    optimizer.load_state_dict(full)
