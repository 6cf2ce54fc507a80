"""ZIP and TAR files from outside: known methods, few entries, and sizes known before unpacking.

`zipfile` makes an object of every entry as it opens a file, and of a method with a dictionary as
large as the entry asks for. What is checked here is checked before.
"""

from __future__ import annotations

import lzma
import os
import re
import struct
import tarfile
import zipfile
import zlib
from typing import IO

BROKEN_ARCHIVE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
)
"""What reading a damaged ZIP or TAR may raise, beside OSError."""

_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENTRY = 46  # bytes that an entry takes in the directory, beside its name
_END, _END64 = b"PK\x05\x06", b"PK\x06\x06"
_END_BYTES = 22
_BEFORE = 76  # bytes before it where that of a large ZIP begins
_LONGEST_COMMENT = 65_535


def open_zip(file: IO[bytes], most: int) -> zipfile.ZipFile:
    """Open a ZIP whose entries can all be read.

    Parameters
    ----------
    file
        Open for reading, and seekable.
    most
        Largest number of entries.

    Returns
    -------
    ZipFile
        Its entries are stored or deflated, and not encrypted.

    Raises
    ------
    ValueError
        It has more entries, or one that is packed in another way.
    BadZipFile
        It is none.
    """
    if _directory_size(file) > most * (_ENTRY + 250):
        raise ValueError(f"it has more than {most:,} entries")
    archive = zipfile.ZipFile(file)
    entries = archive.infolist()
    if len(entries) > most:
        raise ValueError(f"it has more than {most:,} entries")
    for entry in entries:
        if not entry.filename:
            raise ValueError("an entry has no name")
        if entry.flag_bits & 1:
            raise ValueError("it is encrypted")
        if entry.compress_type not in _METHODS:
            raise ValueError("it is packed by a method other than deflate")
    return archive


def unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Return the content of an entry: no more than its header says."""
    with archive.open(entry) as packed:
        return packed.read(entry.file_size)


def _directory_size(file: IO[bytes]) -> int:
    """Bytes of the list of entries, as `zipfile` may read it; 0 where none is found."""
    file.seek(0, os.SEEK_END)
    file.seek(max(0, file.tell() - _LONGEST_COMMENT - _END_BYTES - _BEFORE))
    tail = file.read()
    file.seek(0)
    sizes = [0]
    for found in re.finditer(re.escape(_END), tail):  # a comment may hold what looks like one
        at = found.start()
        if at + _END_BYTES <= len(tail):
            sizes.append(struct.unpack_from("<I", tail, at + 12)[0])
        if at >= _BEFORE and tail[at - _BEFORE :][:4] == _END64:
            sizes.append(struct.unpack_from("<Q", tail, at - _BEFORE + 40)[0])
    return max(sizes)
