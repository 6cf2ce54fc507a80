"""Checkpoints from which a run resumes as if it had never stopped, as safetensors files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from attnviz.errors import DivergedError, TrainingError
from attnviz.files import write_atomically
from attnviz.training.loop.optimizers import Optimizer
from attnviz.untrusted.fields import checked_fields
from attnviz.untrusted.values import UNREADABLE, parse_json, reason_of

Tensors = dict[str, Tensor]


@dataclass(frozen=True)
class TrainingState:
    """Progress of a run.

    Attributes
    ----------
    step
        Optimiser steps done.
    seconds
        Training time so far.
    loss
        Running mean of the training loss; NaN before the first step.
    accuracy
        Latest validation accuracy, 0..1; NaN before the first epoch ends.
    """

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
    """Write a checkpoint atomically.

    Parameters
    ----------
    path
        The checkpoint file.
    identity
        Text that distinguishes this run from all others.
    progress
        State of the run.
    module, averaged
        The network and its moving average.
    optimizer
        Its state is saved with them.

    Raises
    ------
    TrainingError
        The file cannot be written.
    DivergedError
        A weight or a state of the optimiser is NaN or infinite. The previous checkpoint is kept, as
        training cannot recover from this one.
    """
    tensors = {f"module.{name}": value for name, value in module.state_dict().items()}
    tensors |= {f"averaged.{name}": value for name, value in averaged.state_dict().items()}
    tensors |= _optimizer_tensors(optimizer)
    _check_finite(tensors, progress.step, path)
    tensors = {name: value.contiguous() for name, value in tensors.items()}
    header = {"identity": identity, "progress": json.dumps(vars(progress))}
    write_atomically(path, lambda partial: save_file(tensors, partial, header))


def load_checkpoint(
    path: Path,
    identity: str,
    module: nn.Module,
    averaged: nn.Module,
    optimizer: Optimizer,
) -> TrainingState:
    """Load a checkpoint into the network, its moving average and the optimiser.

    Parameters
    ----------
    path
        The checkpoint file.
    identity
        As for `save_checkpoint`.
    module, averaged, optimizer
        Changed in place.

    Returns
    -------
    TrainingState
        The state that was saved.

    Raises
    ------
    TrainingError
        The file cannot be read, or belongs to another run or network.
    """
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            # Copies: on Windows a file that is still mapped cannot be replaced.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, *UNREADABLE) as error:
        raise TrainingError(
            f"The checkpoint {path} cannot be read ({reason_of(error)}). Remove it to start over."
        ) from error
    if header.get("identity") != identity:
        raise TrainingError(
            f"The checkpoint {path} belongs to a run with another recipe, data or size. "
            "Give another output folder, or remove it to start over."
        )
    try:
        progress = TrainingState(**checked_fields(TrainingState, _parsed(header["progress"])))
        module.load_state_dict(_under(tensors, "module."))
        averaged.load_state_dict(_under(tensors, "averaged."))
        _restore_optimizer(optimizer, _under(tensors, "optimizer."))
    except (RuntimeError, *UNREADABLE) as error:
        raise TrainingError(
            f"The checkpoint {path} was made by another version of this network, or is damaged. "
            "Give another output folder, or remove it to start over."
        ) from error
    return progress


def _check_finite(tensors: Tensors, step: int, path: Path) -> None:
    wrong = next((name for name, value in tensors.items() if not value.isfinite().all()), None)
    if wrong is not None:
        before = f"the last one is kept in {path.parent}" if path.exists() else "there is none yet"
        raise DivergedError(
            f"After step {step} {wrong} holds NaN or infinity: the training has diverged. No "
            f"checkpoint was written; {before}."
        )


def _parsed(text: str) -> object:
    return parse_json(text, nan=True)  # loss and accuracy may not be known yet


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
