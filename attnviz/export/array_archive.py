"""NPZ files that are read with bounds, because they may come from anybody.

NumPy reserves what the header of an array claims, and unpacks what a ZIP holds. Here sizes are
compared before anything is reserved, and nothing is unpickled.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Mapping
from typing import IO, Any

import numpy as np

from attnviz.types import AnyArray
from attnviz.untrusted.archives import BROKEN_ARCHIVE, open_zip

MOST_ARRAYS = 8192
MOST_FILE_BYTES = 512_000_000
MOST_BYTES = 1_024_000_000
_KINDS: tuple[np.dtype[Any], ...] = (np.dtype(np.float32), np.dtype(np.uint8))
_HEADER = 4096


def pack_arrays(arrays: Mapping[str, AnyArray]) -> bytes:
    """Return an NPZ file of float32 and uint8 arrays, compressed."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, values in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, np.asarray(values), allow_pickle=False)
    return file.getvalue()


def read_arrays(file: IO[bytes], kinds: Collection[np.dtype[Any]] = _KINDS) -> dict[str, AnyArray]:
    """Read an NPZ file of float32 and uint8 arrays, or of others.

    Parameters
    ----------
    file
        Open for reading, and seekable.
    kinds
        Types of arrays that are read.

    Returns
    -------
    dict of str to array
        By name.

    Raises
    ------
    ValueError
        It is no such file, or is larger than allowed.
    """
    file.seek(0, io.SEEK_END)
    if file.tell() > MOST_FILE_BYTES:
        raise ValueError(f"it is larger than {MOST_FILE_BYTES / 1e6:.0f} MB")
    try:
        with open_zip(file, MOST_ARRAYS) as archive:
            entries = archive.infolist()
            if len({one.filename for one in entries}) < len(entries):
                raise ValueError("it has two parts of one name")
            if sum(one.file_size for one in entries) > MOST_BYTES:
                raise ValueError(f"its arrays take more than {MOST_BYTES / 1e6:.0f} MB")
            return {
                one.filename.removesuffix(".npy"): _read(archive, one, kinds) for one in entries
            }
    except BROKEN_ARCHIVE as error:
        reason = str(error) if type(error) is ValueError else f"it is damaged: {error}"
        raise ValueError(reason) from error


def _read(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, kinds: Collection[np.dtype[Any]]
) -> AnyArray:
    name = entry.filename[:80]
    with archive.open(entry) as part:
        version = np.lib.format.read_magic(part)
        if version != (1, 0):
            raise ValueError(f"{name} is written in another way")
        shape, by_column, kind = _header(part, name)
        claimed = kind.itemsize
        for side in shape:  # whole numbers of any size, so no overflow
            claimed *= int(side)
        if kind not in kinds or by_column or min(shape, default=0) < 0 or claimed > MOST_BYTES:
            raise ValueError(f"{name} is no array of {' or '.join(one.name for one in kinds)}")
        data = part.read(claimed + 1)
    if len(data) != claimed:
        raise ValueError(f"{name} does not hold what it says")
    return np.frombuffer(bytearray(data), kind).reshape(shape)  # writable, as others are


def _header(part: IO[bytes], name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    try:
        return np.lib.format.read_array_header_1_0(part, max_header_size=_HEADER)
    except Exception as error:  # NumPy reads it as text of Python: anything may be wrong with that
        raise ValueError(f"{name} has a damaged header") from error
