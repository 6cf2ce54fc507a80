"""Reading tensors from files, never anything else, and putting them into a network."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from attnviz.errors import WeightsError
from attnviz.models.spec import StateDict

_NAMED = 3


def read_state(path: Path) -> StateDict:
    """The tensors in a `.safetensors`, `.pth` or `.pt` file, by name, on the CPU.

    No code from the file is run: whatever is not a plain tensor is refused.

    Raises:
        WeightsError: another kind of file, a damaged one, or one that holds Python objects.
    """
    if path.suffix == ".safetensors":
        return _read_safetensors(path)
    if path.suffix in (".pth", ".pt"):
        return _read_torch(path)
    raise WeightsError(
        f"{path} is not loaded: weights come as .safetensors, .pth or .pt. Convert the file."
    )


def _read_safetensors(path: Path) -> StateDict:
    try:
        state: StateDict = load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise _damaged(path, error) from error
    return state


def _read_torch(path: Path) -> StateDict:
    try:
        state: object = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "GLOBAL" in str(error) or "Unsupported" in str(error):
            raise _objects(path) from error
        raise _damaged(path, error) from error
    except Exception as error:  # a damaged file fails in the reader with nearly any error
        raise _damaged(path, error) from error
    if not isinstance(state, dict) or not all(map(_is_entry, state.items())):
        raise _objects(path)
    return state  # the object itself: it also carries the versions of the modules' layouts


def _is_entry(entry: tuple[object, object]) -> bool:
    return isinstance(entry[0], str) and isinstance(entry[1], Tensor)


def _objects(path: Path) -> WeightsError:
    return WeightsError(
        f"{path} holds Python objects, not only tensors, and is not loaded, for they can run code. "
        "Save the network's state_dict() to a .safetensors file and use that."
    )


def _damaged(path: Path, error: Exception) -> WeightsError:
    first_line = (str(error).splitlines() or [type(error).__name__])[0]
    return WeightsError(
        f"{path} is damaged or no file of weights ({first_line}). Remove it and fetch it anew."
    )


def load_state(module: nn.Module, state: StateDict, path: Path) -> None:
    """Put `state`, read from `path`, into `module`; values take the types the module has.

    Raises:
        WeightsError: names or shapes differ. The module may be half filled then.
    """
    own = module.state_dict()
    shapes = [
        f"{key} is {list(state[key].shape)} instead of {list(own[key].shape)}"
        for key in own
        if key in state and state[key].shape != own[key].shape
    ]
    if not shapes:
        # Modules know older layouts of their own, so they decide what is missing, not the names.
        found = module.load_state_dict(state, strict=False)
        if not found.missing_keys and not found.unexpected_keys:
            return
        missing, unexpected = list(found.missing_keys), list(found.unexpected_keys)
    else:
        missing, unexpected = [], []
    faults = ("missing", missing), ("unexpected", unexpected), ("of another shape", shapes)
    told = "; ".join(f"{what}: {_first(names)}" for what, names in faults if names)
    raise WeightsError(
        f"{path} does not belong to this network ({type(module).__name__}). {told}. "
        "Choose the network that these weights were trained for."
    )


def _first(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
