"""JPEG files that lack nothing but their end marker, as some webcams write them."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from attnviz.types import Pixels

_END = b"\xff\xd9"
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
_PADDING = 64


def decode_without_end_marker(data: bytes, decode: Callable[[bytes], Pixels]) -> Pixels | None:
    """Decode a JPEG whose picture is complete, although its end marker is missing.

    A decoder that meets the end in the middle of a picture fills up the rest, and does not say so.
    So bytes are put before the marker in two ways: where the picture is complete both are skipped;
    where it is not, they are decoded as its next blocks, and the results differ.

    Parameters
    ----------
    data
        The file's content.
    decode
        From a file's content to its pixels; raises where they cannot be decoded.

    Returns
    -------
    uint8 [H, W, 3] or None
        The picture; None if more than the end marker is missing.
    """
    bare = data.rstrip(b"\0")  # buffers of a fixed size are filled up with zeros
    bare = bare[:-1] if bare.endswith(b"\xff") else bare
    restart = b"\xff" + bytes([0xD0 + len(_RESTART.findall(bare)) % 8])
    completions = [bare + middle + _END for middle in (b"", bytes(_PADDING), b"\xaa" * _PADDING)]
    completions.append(bare + restart + b"\xaa" * _PADDING + _END)  # it may end between intervals
    try:
        complete, *padded = (decode(content) for content in completions)
    except Exception:  # decoders raise any kind of error
        return None
    same = all(np.array_equal(complete, other) for other in padded)
    return complete if same else None
