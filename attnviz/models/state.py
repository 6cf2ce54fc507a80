"""Read tensors, and nothing else, from weight files, and load them into a network."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from attnviz.errors import WeightsError
from attnviz.models.spec import StateDict
from attnviz.pictures.names import visible
from attnviz.untrusted.archives import open_zip
from attnviz.untrusted.values import UNREADABLE, reason_of

_MAX_NAMES_SHOWN = 3
_WRAPPED = "model"
_MOST_ENTRIES = 100_000
_MOST_NAMES_BYTES = 64_000_000  # of the pickle, which holds names and shapes


def read_state(path: Path) -> StateDict:
    """Read the tensors of a file of weights.

    No code from the file is run: anything but plain tensors is rejected. Of a training checkpoint,
    which holds them as its "model", the rest is left out.

    Parameters
    ----------
    path
        A `.safetensors`, `.pth` or `.pt` file.

    Returns
    -------
    dict of str to Tensor
        On the CPU.

    Raises
    ------
    WeightsError
        The file is of another kind, is damaged, or holds Python objects.
    """
    if path.suffix == ".safetensors":
        return _read_safetensors(path)
    if path.suffix in (".pth", ".pt"):
        return _read_torch(path)
    raise WeightsError(
        f"{path} cannot be loaded: weights must be .safetensors, .pth or .pt files. "
        "Convert the file."
    )


def _read_safetensors(path: Path) -> StateDict:
    try:
        state: StateDict = load_file(path)
    except (SafetensorError, OSError, *UNREADABLE) as error:
        raise _damaged(path, error) from error
    return state


def _read_torch(path: Path) -> StateDict:
    try:
        _check_archive(path)
        state: object = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "GLOBAL" in str(error) or "Unsupported" in str(error):
            raise _objects(path) from error
        raise _damaged(path, error) from error
    except Exception as error:  # damaged files raise nearly any error in the reader
        if "TorchScript" in str(error):
            raise _program(path) from error
        raise _damaged(path, error) from error
    if isinstance(state, dict) and isinstance(state.get(_WRAPPED), dict):
        state = state[_WRAPPED]
    if not isinstance(state, dict) or not all(map(_is_entry, state.items())):
        raise _objects(path)
    repeated = next((name for name, one in state.items() if _claims_more(one)), None)
    if repeated is not None:
        raise _damaged(path, ValueError(f"{visible(repeated)} claims more numbers than it has"))
    return state  # the dictionary itself: its attributes hold the version of each module


def _is_entry(entry: tuple[object, object]) -> bool:
    return isinstance(entry[0], str) and isinstance(entry[1], Tensor)


def _check_archive(path: Path) -> None:
    """Refuse a ZIP that unpacks to more than it is: PyTorch stores tensors as they are."""
    with path.open("rb") as file:
        if not zipfile.is_zipfile(file):
            return  # as PyTorch wrote files before 1.6
        with open_zip(file, _MOST_ENTRIES) as archive:
            entries = archive.infolist()
        size = sum(entry.file_size for entry in entries)
        if size > path.stat().st_size or any(
            entry.filename.endswith(".pkl") and entry.file_size > _MOST_NAMES_BYTES
            for entry in entries
        ):
            raise ValueError("it claims to hold more than it has")


def _claims_more(values: Tensor) -> bool:
    """Whether a tensor repeats numbers: a few bytes could claim any shape."""
    if values.layout is not torch.strided or values.is_meta:
        return True
    return values.numel() * values.element_size() > values.untyped_storage().nbytes()


def _objects(path: Path) -> WeightsError:
    return WeightsError(
        f"{path} holds Python objects, which can run code, and was not loaded. "
        "Save the network's state_dict() to a .safetensors file and use that."
    )


def _program(path: Path) -> WeightsError:
    return WeightsError(
        f"{path} is a TorchScript program, which can read and write files, and was not loaded. If "
        "you trust it, give it to `attnviz.black_box`, or to --model on the command line. Else "
        "save the network's state_dict() to a .safetensors file, or export it as ONNX."
    )


def _damaged(path: Path, error: Exception) -> WeightsError:
    return WeightsError(
        f"{path} is damaged or not a file of weights ({reason_of(error)}). Remove it and get it "
        "again."
    )


def load_state(module: nn.Module, state: StateDict, path: Path) -> None:
    """Load tensors into a network; they are converted to the types of its weights.

    Parameters
    ----------
    module
        The network.
    state
        Result of `read_state`.
    path
        File of the tensors, named in the error.

    Raises
    ------
    WeightsError
        Names or shapes differ; some of the weights may have been loaded.
    """
    own = module.state_dict()
    shapes = [
        f"{key} is {list(state[key].shape)} instead of {list(own[key].shape)}"
        for key in own
        if key in state and state[key].shape != own[key].shape
    ]
    if not shapes:
        # Modules convert older layouts themselves, so they decide what is missing, not the names.
        result = module.load_state_dict(state, strict=False)
        if not result.missing_keys and not result.unexpected_keys:
            return
        missing, unexpected = list(result.missing_keys), list(result.unexpected_keys)
    else:
        missing, unexpected = [], []
    problems = ("missing", missing), ("unexpected", unexpected), ("of another shape", shapes)
    details = "; ".join(f"{what}: {_first(names)}" for what, names in problems if names)
    raise WeightsError(
        f"{path} does not belong to this network ({type(module).__name__}). {details}. "
        "Choose the network that these weights were trained for."
    )


def _first(names: list[str]) -> str:
    more = len(names) - _MAX_NAMES_SHOWN
    return ", ".join(names[:_MAX_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
