"""Reading a file that may be anything."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from attnviz.errors import PictureError
from attnviz.pictures.limits import PictureLimits
from attnviz.pictures.names import visible


def read_file(source: str | os.PathLike[str], limits: PictureLimits) -> bytes:
    """Return the content of a regular file that is not too large; raises PictureError."""
    shown = visible(os.fsdecode(source), most=300)
    if not shown:
        raise PictureError("The path of the picture is empty. Choose a file.")
    try:
        path = Path(os.fsdecode(source))
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise PictureError(f"{shown} is a folder. Choose a picture in it.")
        if not stat.S_ISREG(status.st_mode):  # reading from a pipe or a device may never end
            raise PictureError(f"{shown} is a device or a pipe. Choose a file.")
        limits.check_bytes(status.st_size, shown)
        with path.open("rb") as file:
            data = file.read(limits.max_bytes + 1)
    except FileNotFoundError as error:
        raise PictureError(f"There is no file {shown}. Check the path.") from error
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        reason = getattr(error, "strerror", None) or "its path is not valid"
        raise PictureError(
            f"{shown} cannot be read ({reason}). Check the path and its permissions."
        ) from error
    limits.check_bytes(len(data), shown)  # it may have grown since, or shrunk
    return data
