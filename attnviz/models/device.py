"""Choosing where a network runs, and telling when its memory is exhausted."""

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

# PyTorch has a class of its own only for accelerators; elsewhere the text must tell.
_OUT_OF_MEMORY = (
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "alloc_failed",
)


@dataclass(frozen=True)
class DeviceInfo:
    """A device that networks can run on.

    key: what `load_model` takes, such as "cuda:0". name: for people. memory_bytes, free_bytes: its
    memory in all and what is free now; None where the system does not tell.
    """

    key: str
    name: str
    memory_bytes: int | None
    free_bytes: int | None


def list_devices() -> tuple[DeviceInfo, ...]:
    """Every device that can be used now, the one that "auto" takes first."""
    devices = [_cuda(index) for index in range(_cuda_count())]
    if torch.backends.mps.is_available():
        devices.append(_mps())
    threads = torch.get_num_threads()
    plural = "" if threads == 1 else "s"
    memory = system_memory()
    return (*devices, DeviceInfo("cpu", f"CPU, {threads} thread{plural}", *memory))


def choose_device(name: str | torch.device = "auto") -> torch.device:
    """The device called "auto", "cuda", "cuda:1", "mps" or "cpu"; auto: CUDA, then MPS, then CPU.

    A CUDA device always comes with its number, as in the keys of `list_devices`.

    Raises:
        UnknownNameError: no device is called so.
        ModelError: this computer has none of the kind.
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
        found = f"{cuda} CUDA device{'' if cuda == 1 else 's'}"
        raise ModelError(
            f'The device "{key}" was asked for, but this PyTorch finds {found} here. '
            'Choose "auto" or "cpu".'
        )
    if key == "mps" and not mps:
        raise ModelError(
            'The device "mps" was asked for, but this is no Mac whose GPU PyTorch can use. '
            'Choose "auto" or "cpu".'
        )
    return torch.device(kind) if index is None else torch.device(kind, index)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` says that memory ran out, on any device."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(sign in text for sign in _OUT_OF_MEMORY)


def move_module(module: nn.Module, device: torch.device) -> nn.Module:
    """`module` on `device`; channels last on CPU and CUDA, where they convolve faster so."""
    module = module.to(device)
    return module.to(memory_format=torch.channels_last) if _likes(device) else module


def move_inputs(inputs: Tensor, device: torch.device) -> Tensor:
    """`inputs` [N, C, h, w] on `device`, laid out as `move_module` lays out the weights."""
    inputs = inputs.to(device)
    return inputs.contiguous(memory_format=torch.channels_last) if _likes(device) else inputs


def _likes(device: torch.device) -> bool:
    return device.type in ("cpu", "cuda")


def free_memory(device: torch.device) -> None:
    """Hand memory that is no longer used back to `device`, before something is tried again."""
    gc.collect()  # a traceback's frames can hold tensors in a cycle
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def _cuda_count() -> int:
    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def _cuda(index: int) -> DeviceInfo:
    known = torch.cuda.get_device_properties(index)
    try:
        free = torch.cuda.mem_get_info(index)[0]
    except RuntimeError:  # a device that another process keeps for itself
        free = None
    return DeviceInfo(f"cuda:{index}", known.name, known.total_memory, free)


def _mps() -> DeviceInfo:
    total = int(torch.mps.recommended_max_memory())
    used = int(torch.mps.driver_allocated_memory())
    return DeviceInfo("mps", "Apple GPU", total, max(total - used, 0))
