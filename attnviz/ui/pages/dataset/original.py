"""The picture behind a row: the file itself if it may be read and is the same, or a small one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attnviz.batch.opened import file_of_row
from attnviz.batch.picture_file import PictureFile
from attnviz.decoding.uploads import open_upload
from attnviz.errors import PictureError, RunError
from attnviz.hosting import Hosting
from attnviz.pictures import Picture, open_picture
from attnviz.pictures.names import base_name
from attnviz.ui.kit.hand_over import kept, sample_key
from attnviz.ui.kit.picture_cache import MOST_VALUES, SHOWN_SIDE
from attnviz.ui.kit.shared import CacheShelf, shared
from attnviz.ui.kit.visitor_folders import own_sets_folder
from attnviz.ui.pages.dataset.results import OpenedSet
from attnviz.ui.pages.dataset.sample import sample_of
from attnviz.ui.pages.dataset.small import small_pictures


@dataclass(frozen=True, eq=False)
class RowPicture:
    """The picture of a row.

    Attributes
    ----------
    shown : Picture
        At display size.
    file : PictureFile or None
        The file that was looked at; None for the small picture in the results.
    checksum : str
        SHA-256 of the file, as it was looked at.
    note : str
        Why it is the small one; empty otherwise.
    """

    shown: Picture
    file: PictureFile | None = None
    checksum: str = ""
    note: str = ""

    def whole(self) -> Picture:
        """Open the picture at its own size."""
        return self.shown if self.file is None else _opened(self.file, self.checksum)

    def key(self, small: bytes) -> str:
        """Add it to the visitor's photos; return the key by which other pages know it."""
        if self.file is None:
            return kept(self.shown.name, small)
        sample = sample_of(self.file.name)
        if sample:
            return sample_key(sample)
        return kept(base_name(self.file.name), self.file.content())


def picture_of_row(opened: OpenedSet, number: int, row: dict[str, Any]) -> RowPicture:
    """Open the picture of a row.

    Parameters
    ----------
    opened : OpenedSet
        The set.
    number : int
        Of the row.
    row : dict
        By the names of `SCORES`.

    Returns
    -------
    RowPicture
        The file that the row names, if the visitor may read it and its SHA-256 is that of the row.

    Raises
    ------
    PictureError
        There is no small picture either.
    """
    path = str(row["path"] or "")
    file = file_of_row(path)
    if file is None:
        note = "The picture is not where it was"
    elif not _may_read(file):
        note = "This server does not offer the picture's folder"
    else:
        try:
            checksum = str(row["sha256"])
            shown = _shown(file.name, checksum, file)
        except PictureError as error:
            note = str(error).rstrip(".")
        else:
            return RowPicture(shown, file, checksum)
    small, _ = small_pictures(opened.key, number, opened)
    if not small:
        raise PictureError(f"{note}, and the results hold no small one. Open it on the page Focus.")
    picture = open_picture(small, name=base_name(path))
    size = f"{picture.width} x {picture.height}"
    return RowPicture(picture, note=f"{note}: this is the small one of the results, {size} px.")


def _may_read(file: PictureFile) -> bool:
    """Whether the visitor may read it: in a folder that is offered, a ZIP of theirs, a sample."""
    place = Path(file.path)
    if Hosting.from_environment().may_open(place.parent) or sample_of(file.name):
        return True
    try:
        return place.resolve().is_relative_to(own_sets_folder().resolve())
    except (OSError, RuntimeError, RunError):  # a loop of links, or no place for runs
        return False


@shared(CacheShelf.PICTURES, elsewhere=True)
def _shown(name: str, checksum: str, _file: PictureFile) -> Picture:
    """The file at display size; raises PictureError if it is not what was looked at."""
    del name
    return _opened(_file, checksum, SHOWN_SIDE).lightened(MOST_VALUES)


def _opened(file: PictureFile, checksum: str, longest: int | None = None) -> Picture:
    """Open it as an upload, which it may be: a hosted app decodes none in its own process."""
    source = file.content()
    if hashlib.sha256(source).hexdigest() != checksum:
        raise PictureError("The picture has changed since it was looked at")
    return open_upload(source, name=base_name(file.name), checksum=checksum, longest=longest)
