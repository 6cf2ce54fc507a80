"""ONNX files, and sessions of ONNX Runtime, as black boxes."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch

from attnviz.errors import ModelError
from attnviz.models.black_box.handed import Handed, Takes, unknown_digest
from attnviz.types import FloatArray
from attnviz.untrusted.values import reason_of

SUFFIX = ".onnx"
_CHANNELS = (1, 3, 4)
_TYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
}
_UNKNOWN_OPERATOR = re.compile(r"([\w.]*:?[\w.]+\(-?\d+\)) is not a registered function/op")


def from_onnx(given: object) -> Handed | None:
    """Hand over a session or the path of an ONNX file; None for anything else."""
    if isinstance(given, Path) and given.suffix.lower() == SUFFIX:
        session = _opened(given)
        return _session(session, given.name, hashlib.sha256(given.read_bytes()).hexdigest())
    if type(given).__module__.startswith("onnxruntime.") and hasattr(given, "get_inputs"):
        return _session(given, "ONNX session", unknown_digest())
    return None


def _opened(path: Path) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise ModelError(
            f"{path} needs ONNX Runtime, which is not installed. Install it: "
            "pip install 'attnviz[onnx]'"
        ) from error
    if not path.is_file():
        raise ModelError(f"There is no file {path}. Check the path.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3  # what goes wrong is told in the error
    try:
        return onnxruntime.InferenceSession(
            str(path), options, providers=onnxruntime.get_available_providers()
        )
    except Exception as error:
        unknown = _UNKNOWN_OPERATOR.search(str(error))
        if unknown is not None:
            raise ModelError(
                f"{path} uses the operator {unknown[1]}, which ONNX Runtime does not have. Create "
                "the session with the library that registers it, and pass the session to "
                "`black_box`."
            ) from error
        reason = reason_of(error).rpartition(" : ")[2]
        raise ModelError(
            f"{path} cannot be loaded ({reason}). Check it with `onnx.checker`, or export it again."
        ) from error


def _session(session: Any, name: str, digest: str) -> Handed:
    inputs = session.get_inputs()
    if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].type not in _TYPES:
        told = "; ".join(f"{one.name}: {one.type} {one.shape}" for one in inputs) or "none"
        raise ModelError(
            f"{name} takes other inputs than one of pictures, [N, C, h, w] in floating point "
            f"({told}). Pass a function that makes what it takes and returns its scores."
        )
    (source,) = inputs
    number, *rest = (one if isinstance(one, int) and one > 0 else None for one in source.shape)
    last = rest[0] not in _CHANNELS and rest[2] in _CHANNELS  # as TensorFlow lays pictures out
    channels, height, width = (rest[2], rest[0], rest[1]) if last else rest
    kind = _TYPES[source.type]

    def call(batch: FloatArray) -> Any:
        values = batch.transpose(0, 2, 3, 1) if last else batch
        outputs = session.run(None, {source.name: np.ascontiguousarray(values, kind)})
        return next((one for one in outputs if np.ndim(one) == 2), outputs[0])

    size = None if height is None or width is None else (height, width)
    return Handed(call, Takes.ARRAY, name, digest, channels, size, number, any_size=size is None)
