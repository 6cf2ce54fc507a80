"""A ZIP of class folders, unpacked where it can do no harm: only pictures, and only so many."""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from attnviz.errors import TrainingError
from attnviz.training.data.class_folders import SUFFIXES

MOST_BYTES = 1024**3
MOST_FILES = 50_000


def unpack_classes(source: bytes, into: Path) -> Path:
    """The folder with the classes of a ZIP, unpacked below `into` the first time it is given.

    `class/.../picture`, below one folder more or none. A file keeps its suffix alone and gets a
    number for a name; what is no picture, hidden, or outside of a class is left out.

    Raises:
        TrainingError: no ZIP, nothing in it, too large unpacked, or the disk refuses.
    """
    folder = into / hashlib.sha256(source).hexdigest()[:16]
    done = folder / "whole"
    if done.exists():
        return folder / "classes"
    try:
        with zipfile.ZipFile(io.BytesIO(source)) as held:
            for number, (name, one) in enumerate(_pictures(held)):
                target = folder / "classes" / name / f"{number:06}{_suffix(one)}"
                target.parent.mkdir(parents=True, exist_ok=True)
                with held.open(one) as packed:  # not more than it said of itself
                    target.write_bytes(packed.read(one.file_size))
        done.touch()
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        raise TrainingError(f"This cannot be read as a ZIP ({error}). Make it anew.") from error
    except OSError as error:
        raise TrainingError(
            f"{folder} cannot be written ({error.strerror or error}). Make room, or set "
            "ATTNVIZ_RUNS to another folder."
        ) from error
    return folder / "classes"


def _pictures(held: zipfile.ZipFile) -> list[tuple[str, zipfile.ZipInfo]]:
    """The class and the entry of each picture."""
    files = [one for one in held.infolist() if not one.is_dir() and _suffix(one) in SUFFIXES]
    paths = [(PurePosixPath(one.filename.replace("\\", "/")).parts, one) for one in files]
    found = [(parts, one) for parts, one in paths if not any(map(_is_odd, parts))]
    tops = {parts[0] for parts, _ in found}
    depth = 1 if len(tops) == 1 and all(len(parts) > 2 for parts, _ in found) else 0
    pictures = [(parts[depth], one) for parts, one in found if len(parts) > depth + 1]
    if not pictures:
        raise TrainingError(
            "This ZIP holds no class folders with pictures. Put the pictures of each class into a "
            "folder of its own."
        )
    size = sum(one.file_size for _, one in pictures)
    if size > MOST_BYTES or len(pictures) > MOST_FILES:
        raise TrainingError(
            f"This ZIP holds {len(pictures):,} pictures of {size / 1e9:.1f} GB. Unpack it yourself "
            "and choose its folder: more than 1 GB or 50,000 pictures are not unpacked here."
        )
    return pictures


def _is_odd(part: str) -> bool:
    """Whether a part of a path may lead elsewhere, or is hidden: none of them is unpacked."""
    return part.startswith((".", "__", "/")) or ":" in part or "\0" in part or len(part) > 200


def _suffix(one: zipfile.ZipInfo) -> str:
    return PurePosixPath(one.filename).suffix.lower()
