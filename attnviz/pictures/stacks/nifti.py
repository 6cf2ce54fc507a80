"""NIfTI: volumes of brains and bodies, as axial slices from feet to head."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from attnviz.errors import PictureError
from attnviz.pictures.limits import PictureLimits
from attnviz.pictures.other_files import describe_other
from attnviz.pictures.stacks.base import BYTES_PER_PIXEL, Stack, StackReader, check_count

_GZIP = b"\x1f\x8b"
_HEADERS = 65536  # bytes before the values, extensions among them


def _is_nifti(data: bytes) -> bool:
    return describe_other(data) == "a NIfTI volume"


def _decode(nibabel: Any, data: bytes, name: str, limits: PictureLimits) -> Stack:
    """Values scaled as the file says; rows go from front to back, columns from right to left."""
    plain = _unpacked(data, name, limits)
    kind = nibabel.Nifti2Image if plain[4:8] in (b"n+2\0", b"ni2\0") else nibabel.Nifti1Image
    volume = kind.from_bytes(plain)
    shape = (*volume.shape, 1, 1, 1)
    if len(volume.shape) > 4:
        raise PictureError(
            f"{name} has {len(volume.shape)} dimensions, and volumes with three or four can be "
            "opened. Save one of its volumes."
        )
    scaled = volume.dataobj.slope not in (None, 1.0) or volume.dataobj.inter not in (None, 0.0)
    itemsize = 4 if scaled else volume.get_data_dtype().itemsize
    check_count((shape[2], shape[1], shape[0], shape[3]), itemsize, limits, name)
    if len(volume.shape) >= 3:
        volume = nibabel.as_closest_canonical(volume)
    if scaled:
        values = volume.get_fdata(dtype=np.float32, caching="unchanged")
    else:
        values = np.asanyarray(volume.dataobj)
    values = values.reshape(*values.shape, *(1,) * (4 - values.ndim))
    # From left-to-right, back-to-front, feet-to-head to rows from the front and the usual mirror.
    return Stack(np.ascontiguousarray(values.transpose(2, 1, 0, 3)[:, ::-1, ::-1]))


def _unpacked(data: bytes, name: str, limits: PictureLimits) -> bytes:
    """The content of a gzip file, as long as it is not more than the limits allow."""
    if not data.startswith(_GZIP):
        return data
    most = limits.max_pixels * BYTES_PER_PIXEL + _HEADERS
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
    plain = unpack.decompress(data, most)
    if unpack.unconsumed_tail:
        raise PictureError(f"{name} unpacks to more than {most:,} bytes. Save fewer slices.")
    return plain


NIFTI = StackReader("a NIfTI volume", "nibabel", _is_nifti, _decode)
