"""Whether files are whole: each is opened by what reads its kind."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pyarrow.parquet
from PIL import Image
from safetensors.numpy import load_file

from attnviz.training.recording.file import Recording


class BrokenFileError(Exception):
    """A file under its final name is not whole."""


def check_whole(folder: Path) -> dict[str, str]:
    """Open all files under their final names.

    Parameters
    ----------
    folder
        What work has written so far; may not exist.

    Returns
    -------
    dict of str to str
        Checksum of each file by its name in the folder.

    Raises
    ------
    BrokenFileError
        One of them is not whole.
    """
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not is_temporary(path):
            try:
                _OPENERS.get(path.suffix, _anything)(path)
            except Exception as error:  # each reader has errors of its own
                raise BrokenFileError(f"{path.relative_to(folder)}: {error}") from error
            found[str(path.relative_to(folder))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def is_temporary(path: Path) -> bool:
    """Whether a file has not got its final name yet."""
    return path.name.startswith(".") or ".partial" in path.name


def _picture(path: Path) -> None:
    with Image.open(path) as picture:
        for frame in range(getattr(picture, "n_frames", 1)):
            picture.seek(frame)
            picture.load()


def _arrays(path: Path) -> None:
    loaded = np.load(path, allow_pickle=False)
    if not isinstance(loaded, np.ndarray):
        with loaded:
            for name in loaded.files:
                loaded[name]


def _film(path: Path) -> None:
    with av.open(str(path)) as container:
        if sum(1 for _ in container.decode(video=0)) == 0:
            raise ValueError("it has no frame")


def _page(path: Path) -> None:
    if not path.read_text("utf-8").rstrip().endswith(("</html>", "</svg>")):
        raise ValueError("its end is missing")


def _pdf(path: Path) -> None:
    if not path.read_bytes().rstrip().endswith(b"%%EOF"):
        raise ValueError("its end is missing")


def _anything(path: Path) -> None:
    path.read_bytes()


_OPENERS: dict[str, Callable[[Path], object]] = {
    **dict.fromkeys((".png", ".jpg", ".webp", ".gif"), _picture),
    **dict.fromkeys((".npz", ".npy"), _arrays),
    **dict.fromkeys((".html", ".svg"), _page),
    ".pdf": _pdf,
    ".mp4": _film,
    ".json": lambda path: json.loads(path.read_text("utf-8")),
    ".safetensors": load_file,
    ".attn": Recording.load,
    ".parquet": pyarrow.parquet.read_table,
}
