"""A digest of all that `state_dict` of a network holds."""

from __future__ import annotations

import hashlib
import pickle

import torch
from torch import Tensor, nn

_SPARSE = (
    torch.sparse_coo, torch.sparse_csr, torch.sparse_csc, torch.sparse_bsr, torch.sparse_bsc,
)  # fmt: skip


def weights_digest(module: nn.Module) -> str:
    """Return the SHA-256 over names, types, shapes and bytes of a network's weights.

    Parameters
    ----------
    module
        The network, with all its weights in memory.

    Returns
    -------
    str
        64 hexadecimal digits.

    Notes
    -----
    `state_dict` may also hold sparse tensors, whose indices and values are hashed, and what
    `get_extra_state` returns, which may be any object and is hashed as it would be saved.
    """
    digest = hashlib.sha256()
    for key, value in module.state_dict().items():
        if not isinstance(value, Tensor):
            digest.update(f"{key} {type(value).__name__}".encode() + _saved(value))
            continue
        digest.update(f"{key} {value.dtype} {tuple(value.shape)}".encode())
        for part in _dense_parts(value.detach()):
            raw = part.cpu().contiguous().reshape(-1).view(torch.uint8)
            digest.update(raw.numpy().data)
    return digest.hexdigest()


def _dense_parts(value: Tensor) -> tuple[Tensor, ...]:
    """The dense tensors that make up a tensor: indices and values for a sparse one."""
    if value.layout in _SPARSE:
        coordinates = value.to_sparse(layout=torch.sparse_coo).coalesce()
        return coordinates.indices(), coordinates.values()
    return (value if value.layout is torch.strided else value.to_dense(),)


def _saved(value: object) -> bytes:
    try:
        return pickle.dumps(value)
    except Exception:  # objects may refuse in any way; their text is all that remains
        return repr(value).encode()
