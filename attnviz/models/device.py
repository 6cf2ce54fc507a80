"""Devices: list them, choose one, move networks to it, and recognise exhausted memory."""

from __future__ import annotations

import gc
import re
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from attnviz.errors import ModelError, UnknownNameError
from attnviz.models.memory import system_memory

_KEYS = ("auto", "cuda", "mps", "cpu")
_KEY = re.compile(r"auto|cpu|mps|cuda(:\d+)?")

# PyTorch raises a dedicated error class for accelerators only; elsewhere the text decides.
_OUT_OF_MEMORY = (
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "alloc_failed",
)


@dataclass(frozen=True)
class DeviceInfo:
    """A device on which networks can run.

    Attributes
    ----------
    key
        Name for `load_model`, such as "cuda:0".
    name
        Name to show.
    memory_bytes, free_bytes
        Total and free memory; None if the system does not report it.
    """

    key: str
    name: str
    memory_bytes: int | None
    free_bytes: int | None


def list_devices() -> tuple[DeviceInfo, ...]:
    """List every available device.

    Returns
    -------
    tuple of DeviceInfo
        The device that "auto" chooses comes first.
    """
    devices = [_cuda(index) for index in range(_cuda_count())]
    if torch.backends.mps.is_available():
        devices.append(_mps())
    threads = torch.get_num_threads()
    plural = "" if threads == 1 else "s"
    memory = system_memory()
    return (*devices, DeviceInfo("cpu", f"CPU, {threads} thread{plural}", *memory))


def choose_device(name: str | torch.device = "auto") -> torch.device:
    """Find a device by its name.

    Parameters
    ----------
    name
        "auto" (CUDA, then MPS, then CPU), "cuda", "cuda:1", "mps" or "cpu".

    Returns
    -------
    torch.device
        CUDA devices always with their index, as in the keys of `list_devices`.

    Raises
    ------
    UnknownNameError
        This is not the name of a device.
    ModelError
        This computer has no such device.
    """
    key = str(name)
    if not _KEY.fullmatch(key):
        raise UnknownNameError("device", key, _KEYS)
    cuda, mps = _cuda_count(), torch.backends.mps.is_available()
    if key == "auto":
        key = "cuda" if cuda else "mps" if mps else "cpu"
    kind, _, number = key.partition(":")
    index = int(number or 0) if kind == "cuda" else None
    if index is not None and index >= cuda:
        available = f"{cuda} CUDA device{'' if cuda == 1 else 's'}"
        raise ModelError(
            f'The device "{key}" was requested, but PyTorch finds {available} here. '
            'Choose "auto" or "cpu".'
        )
    if key == "mps" and not mps:
        raise ModelError(
            'The device "mps" was requested, but PyTorch finds no Apple GPU here. '
            'Choose "auto" or "cpu".'
        )
    return torch.device(kind) if index is None else torch.device(kind, index)


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error reports exhausted memory, on any device."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(phrase in text for phrase in _OUT_OF_MEMORY)


def move_module(module: nn.Module, device: torch.device) -> nn.Module:
    """Move a network to a device, in the memory layout in which it convolves faster there.

    Parameters
    ----------
    module
        The network; moved in place.
    device
        The target.

    Returns
    -------
    nn.Module
        `module`, channels last on CPU and CUDA.
    """
    module = module.to(device)
    if _prefers_channels_last(device):
        return module.to(memory_format=torch.channels_last)
    return module


def move_inputs(inputs: Tensor, device: torch.device) -> Tensor:
    """Move inputs to a device, in the memory layout of `move_module`.

    Parameters
    ----------
    inputs
        [N, C, h, w]. From pinned memory they are copied while the CPU goes on.
    device
        The target.

    Returns
    -------
    Tensor
        [N, C, h, w], channels last in memory on CPU and CUDA.
    """
    inputs = inputs.to(device, non_blocking=device.type == "cuda" and inputs.is_pinned())
    if _prefers_channels_last(device):
        return inputs.contiguous(memory_format=torch.channels_last)
    return inputs


def _prefers_channels_last(device: torch.device) -> bool:
    return device.type in ("cpu", "cuda")


def free_memory(device: torch.device) -> None:
    """Return unused memory to a device, before a second attempt."""
    gc.collect()  # a traceback's frames can hold tensors in a cycle
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def _cuda_count() -> int:
    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def _cuda(index: int) -> DeviceInfo:
    properties = torch.cuda.get_device_properties(index)
    try:
        free = torch.cuda.mem_get_info(index)[0]
    except RuntimeError:  # another process has exclusive use of the device
        free = None
    return DeviceInfo(f"cuda:{index}", properties.name, properties.total_memory, free)


def _mps() -> DeviceInfo:
    total = int(torch.mps.recommended_max_memory())
    used = int(torch.mps.driver_allocated_memory())
    return DeviceInfo("mps", "Apple GPU", total, max(total - used, 0))
