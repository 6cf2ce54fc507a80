"""The binary format in which every component receives its data: named arrays with a JSON header.

::

    u32 length of the header, little-endian | header, JSON | array | array | ...

The header's ``arrays`` lists the arrays, each with ``name``, ``dtype``, ``shape`` and ``start``, in
bytes from the end of the header; other entries of the header belong to the component. The header
and each array are padded to a multiple of four bytes, so that typed arrays can be read in place.
Encoded pictures (JPEG, PNG) and nested blobs are one-dimensional uint8 arrays.

Everything is packed into one bytes object because Streamlit would send bytes inside a dictionary as
their Python repr. `js/blob.js` reads it.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from attnviz.types import AnyArray

DTYPES = {"uint8": "u1", "int8": "i1", "float16": "<f2", "float32": "<f4"}
_ALIGNMENT = 4


def pack_blob(header: Mapping[str, Any], arrays: Mapping[str, AnyArray | bytes]) -> bytes:
    """Pack a header and named arrays.

    Parameters
    ----------
    header : mapping
        Further data for the component, serialisable as JSON; the key ``arrays`` is reserved.
    arrays : mapping of str to ndarray or bytes
        Arrays of any shape whose dtype is in `DTYPES`. Bytes become a one-dimensional uint8 array.

    Returns
    -------
    bytes
        The blob; deterministic.
    """
    table, body, start = [], [], 0
    for name, values in arrays.items():
        dtype, shape, raw = _raw(values)
        table.append({"name": name, "dtype": dtype, "shape": shape, "start": start})
        body.append(_padded(raw))
        start += len(body[-1])
    text = _padded(json.dumps({**header, "arrays": table}, separators=(",", ":")).encode(), b" ")
    return b"".join([struct.pack("<I", len(text)), text, *body])


def blob_header(blob: bytes) -> dict[str, Any]:
    """Return the header of a blob, including its table of arrays."""
    (length,) = struct.unpack_from("<I", blob)
    header: dict[str, Any] = json.loads(blob[4 : 4 + length])
    return header


def unpack_blob(blob: bytes) -> tuple[dict[str, Any], dict[str, AnyArray]]:
    """Return the header of a blob without its table, and its arrays by name."""
    header = blob_header(blob)
    begin = 4 + struct.unpack_from("<I", blob)[0]
    arrays = {}
    for entry in header.pop("arrays"):
        count = int(np.prod(entry["shape"], dtype=int))
        values = np.frombuffer(blob, DTYPES[entry["dtype"]], count, begin + entry["start"])
        arrays[entry["name"]] = values.reshape(entry["shape"])
    return header, arrays


def content_id(header: Mapping[str, Any], arrays: Mapping[str, AnyArray | bytes]) -> str:
    """Return a hash (32 hexadecimal digits) of a header and of named arrays."""
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name, values in arrays.items():
        dtype, shape, raw = _raw(values)
        digest.update(json.dumps([name, dtype, shape]).encode())
        digest.update(raw)
    return digest.hexdigest()[:32]


def _raw(values: AnyArray | bytes) -> tuple[str, list[int], bytes]:
    if isinstance(values, bytes):
        return "uint8", [len(values)], values
    return values.dtype.name, list(values.shape), values.astype(DTYPES[values.dtype.name]).tobytes()


def _padded(raw: bytes, filler: bytes = b"\0") -> bytes:
    return raw + filler * (-len(raw) % _ALIGNMENT)
