"""TorchScript, exported programs and modules, quantized ones too, as black boxes."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import ExportedProgram

from attnviz.errors import ModelError
from attnviz.models.black_box.handed import Handed, Takes, first_line, unknown_digest
from attnviz.models.digest import weights_digest

SCRIPTED = (".pt", ".pth", ".ts", ".torchscript")
EXPORTED = (".pt2",)


def from_program(given: object) -> Handed | None:
    """Hand over a module, a scripted or exported one, or the file of one; None for all else."""
    if isinstance(given, ExportedProgram):
        return _exported(given, "exported program", unknown_digest())
    if isinstance(given, nn.Module):
        name = str(getattr(given, "original_name", type(given).__name__))
        return _module(given, name, _digest(given))
    if isinstance(given, Path) and given.suffix.lower() in (*SCRIPTED, *EXPORTED):
        return _file(given)
    return None


def _file(path: Path) -> Handed:
    exported = path.suffix.lower() in EXPORTED
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if exported:
            return _exported(torch.export.load(path), path.name, digest)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # files of it are still about
            script = torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-untyped-call]
        return _module(script, path.name, digest)
    except ModelError:
        raise
    except Exception as error:
        made = "torch.export.save" if exported else "torch.jit.save"
        raise ModelError(
            f"{path} cannot be loaded ({first_line(error)}). Give a file that {made} has written; "
            "of weights alone, build the network, load them into it, and use `wrap`."
        ) from error


def _module(module: nn.Module, name: str, digest: str) -> Handed:
    weights = chain(module.parameters(), module.buffers())
    first = next((weight for weight in weights if weight.is_floating_point()), None)
    kind = torch.float32 if first is None else first.dtype
    device = "cpu" if first is None else str(first.device)

    def call(inputs: Tensor) -> Any:
        with _Evaluating(module):
            return module(inputs.to(kind))

    return Handed(call, Takes.TENSOR, name, digest, device=device)


class _Evaluating:
    """Evaluation mode inside a `with`, and the mode of each part as it was behind it."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module

    def __enter__(self) -> None:
        self.training = [part for part in self.module.modules() if part.training]
        for part in self.training:
            part.training = False

    def __exit__(self, *_: object) -> None:
        for part in self.training:
            part.training = True


def _exported(program: ExportedProgram, name: str, digest: str) -> Handed:
    """A program knows its input; whether it trains is written into its graph."""
    inputs = program.graph_signature.user_inputs
    nodes = [node for node in program.graph.nodes if node.name in inputs]
    shape = getattr(nodes[0].meta.get("val"), "shape", ()) if len(nodes) == 1 else ()
    if len(shape) != 4:
        raise ModelError(
            f"{name} takes {len(nodes)} inputs, and not one of pictures [N, C, h, w]. Export a "
            "module whose `forward` takes these alone."
        )
    number, channels, height, width = (one if isinstance(one, int) else None for one in shape)
    call: Callable[[Tensor], Any] = program.module()
    return Handed(
        call, Takes.TENSOR, name, digest, channels,
        None if height is None or width is None else (height, width), number,
        any_size=height is None or width is None,
    )  # fmt: skip


def _digest(module: nn.Module) -> str:
    try:
        return weights_digest(module)
    except (RuntimeError, TypeError, NotImplementedError):  # packed weights need not be readable
        return unknown_digest()
