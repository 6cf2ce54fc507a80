"""Safe unpacking of a ZIP of class folders: pictures only, bounded in size and number."""

from __future__ import annotations

import hashlib
import io
import shutil
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from attnviz.errors import TrainingError
from attnviz.pictures.names import PICTURE_SUFFIXES, visible
from attnviz.untrusted.archives import BROKEN_ARCHIVE, open_zip, unpacked
from attnviz.untrusted.values import reason_of

MOST_BYTES = 1024**3
MOST_KEPT = 2 * MOST_BYTES
MOST_SHARED = 4 * MOST_KEPT
MOST_FILES = 50_000
MOST_ENTRIES = 2 * MOST_FILES  # also those that are no pictures
_LONGEST_PART = 200  # bytes of a folder's name


def unpack_classes(
    source: bytes, into: Path, in_use: Collection[Path] = (), shared: Path | None = None
) -> Path:
    """Unpack a ZIP of class folders, the first time it is given.

    What was unpacked before it goes, the longest unused first, as far as all together would take
    more than `MOST_KEPT` bytes. Of a ZIP that cannot be unpacked nothing stays.

    Entries are `class/.../picture`, optionally in one more folder. Files keep their suffix and get
    a number as name; what is not a picture, hidden, or outside of a class is skipped.

    Parameters
    ----------
    source
        The ZIP's bytes.
    into
        Folder below which to unpack, for nothing else.
    in_use
        Folders that this has returned before, and that stay whatever they take.
    shared
        Folder in which other people's pictures lie too: all together take `MOST_SHARED` bytes.

    Returns
    -------
    Path
        The folder with the class folders.

    Raises
    ------
    TrainingError
        Not a ZIP, without pictures, too large when unpacked, or the disk refuses.
    """
    folder = into / hashlib.sha256(source).hexdigest()[:16]
    done = folder / "whole"
    if done.exists():
        done.touch()
        return folder / "classes"
    try:
        with open_zip(io.BytesIO(source), MOST_ENTRIES) as archive, _removed_on_failure(folder):
            pictures = _pictures(archive)
            size = sum(entry.file_size for _, entry in pictures)
            _make_room(into, size, in_use)
            if shared is not None and size_of_folder(shared) + size > MOST_SHARED:
                raise TrainingError(
                    "The server has no room for these pictures now: others fill it. Try again in "
                    "an hour, or with fewer pictures."
                )
            for number, (name, entry) in enumerate(pictures):
                target = folder / "classes" / name / f"{number:06}{_suffix(entry)}"
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(unpacked(archive, entry))
            done.touch()
    except BROKEN_ARCHIVE as error:
        raise TrainingError(
            f"This cannot be read as a ZIP ({reason_of(error)}). Create it again."
        ) from error
    except OSError as error:
        raise TrainingError(
            f"{folder} cannot be written ({error.strerror or error}). Make room, or set "
            "ATTNVIZ_RUNS to another folder."
        ) from error
    return folder / "classes"


@contextmanager
def _removed_on_failure(folder: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _make_room(into: Path, size: int, in_use: Collection[Path]) -> None:
    """Remove what was unpacked before, the longest unused first, until `size` more bytes fit."""
    whole = sorted(into.glob("*/whole"), key=lambda done: done.stat().st_mtime_ns)
    taken = {done.parent: size_of_folder(done.parent) for done in whole}
    stay = {folder.resolve() for folder in in_use}
    for folder in [one for one in taken if (one / "classes").resolve() not in stay]:
        if sum(taken.values()) + size <= MOST_KEPT:
            return
        shutil.rmtree(folder, ignore_errors=True)
        del taken[folder]


def size_of_folder(folder: Path) -> int:
    """Return the bytes of all files in a folder and below it."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _pictures(archive: zipfile.ZipFile) -> list[tuple[str, zipfile.ZipInfo]]:
    """The class and the entry of each picture."""
    files = [e for e in archive.infolist() if not e.is_dir() and _suffix(e) in PICTURE_SUFFIXES]
    paths = [(PurePosixPath(e.filename.replace("\\", "/")).parts, e) for e in files]
    safe = [(parts, entry) for parts, entry in paths if not any(map(_is_unsafe, parts))]
    tops = {parts[0] for parts, _ in safe}
    depth = 1 if len(tops) == 1 and all(len(parts) > 2 for parts, _ in safe) else 0
    pictures = [(parts[depth], entry) for parts, entry in safe if len(parts) > depth + 1]
    if not pictures:
        raise TrainingError(
            "This ZIP holds no class folders with pictures. Put the pictures of each class into a "
            "folder of its own."
        )
    size = sum(entry.file_size for _, entry in pictures)
    if size > MOST_BYTES or len(pictures) > MOST_FILES:
        raise TrainingError(
            f"This ZIP holds {len(pictures):,} pictures of {size / 1e9:.1f} GB. Unpack it yourself "
            "and choose its folder: more than 1 GB or 50,000 pictures are not unpacked here."
        )
    return pictures


def _is_unsafe(part: str) -> bool:
    """Whether a part of a path may point outside, or is hidden; such entries are skipped."""
    hidden = part.startswith((".", "__", "/")) or visible(part, _LONGEST_PART) != part
    return hidden or ":" in part or len(part.encode()) > _LONGEST_PART


def _suffix(entry: zipfile.ZipInfo) -> str:
    return PurePosixPath(entry.filename).suffix.lower()
