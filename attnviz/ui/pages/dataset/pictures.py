"""Pictures for a run: a folder on this computer, or a ZIP file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

import streamlit as st

from attnviz.batch.jobs.set_run import SetRun
from attnviz.batch.listing import files_of_archive, is_archive
from attnviz.errors import AttnvizError, PictureError, RunError
from attnviz.files import replace_whole
from attnviz.hosting import Hosting
from attnviz.pictures.folders import pictures_by_folder
from attnviz.training.data.zipped import (
    MOST_ENTRIES,
    MOST_KEPT,
    MOST_SHARED,
    size_of_folder,
)
from attnviz.ui.kit.folder_picker import pick_folder_path
from attnviz.ui.kit.guard import show_error
from attnviz.ui.kit.visitor_folders import own_sets_folder
from attnviz.untrusted.archives import BROKEN_ARCHIVE, open_zip
from attnviz.untrusted.values import reason_of

FOLDER_TITLE, ZIP_TITLE = "A folder on this computer", "A ZIP file"
_LARGEST = 512  # MB, as the server takes
_KNOWN = "set zip known"  # the upload and its file: its checksum takes seconds
_MOST_FOLDERS = 2000  # in which pictures are counted


def pick_source(runs: Sequence[SetRun]) -> Path | None:
    """Let the user choose pictures.

    Parameters
    ----------
    runs : sequence of SetRun
        Runs whose pictures are still needed.

    Returns
    -------
    Path or None
        A folder, or a ZIP; None if nothing is chosen.
    """
    titles = [FOLDER_TITLE] if Hosting.from_environment().opens_folders else []
    source = st.radio("Pictures", [*titles, ZIP_TITLE], horizontal=True, key="set pictures")
    if source == FOLDER_TITLE:
        return pick_folder_path(
            "Folder of pictures",
            "set source",
            "All pictures in it and in its folders; the folder that each lies in is its group.",
        )
    file = st.file_uploader(
        "ZIP file of pictures", type=["zip"], key="set zip",
        max_upload_size=Hosting.from_environment().largest_upload(_LARGEST),
        help="It is read where it lies, and never unpacked.",
    )  # fmt: skip
    if not file:
        return None
    known: tuple[str, Path] | None = st.session_state.get(_KNOWN)
    if known is not None and known[0] == file.file_id and known[1].is_file():
        return known[1]
    try:
        path = _stored(file.getvalue(), file.name, runs)
    except AttnvizError as error:
        show_error(error)
        return None
    st.session_state[_KNOWN] = (file.file_id, path)
    return path


def _stored(source: bytes, name: str, runs: Sequence[SetRun]) -> Path:
    """The uploaded ZIP as a file, which runs and the page read; raises if it is none."""
    folder = own_sets_folder() / "uploads" / hashlib.sha256(source).hexdigest()[:16]
    stem = "".join(sign for sign in Path(name).stem if sign.isalnum() or sign in " -_")[:40]
    path = next(folder.glob("*.zip"), folder / f"{stem.strip() or 'pictures'}.zip")
    if path.is_file():
        return path
    try:
        _make_room(folder.parent, len(source), runs)
        folder.mkdir(parents=True, exist_ok=True)
        replace_whole(path, lambda partial: partial.write_bytes(source))
    except OSError as error:
        raise RunError(
            f"The ZIP cannot be stored ({error.strerror or error}). Make room, or set ATTNVIZ_RUNS "
            "to another folder."
        ) from error
    try:
        _check_entries(path)
        files_of_archive(path)
    except BaseException:  # also a click meanwhile: what is there counts as checked
        path.unlink(missing_ok=True)
        raise
    return path


def _check_entries(path: Path) -> None:
    """Raise where the list of a visitor's ZIP would fill the memory that all visitors share."""
    if not Hosting.from_environment().hosted:
        return
    try:
        with path.open("rb") as file, open_zip(file, MOST_ENTRIES):
            pass
    except (OSError, *BROKEN_ARCHIVE) as error:
        raise PictureError(
            f"{path.name} cannot be read as a ZIP ({reason_of(error)}). Pack it again, or fewer "
            "files."
        ) from error


def _make_room(uploads: Path, size: int, runs: Sequence[SetRun]) -> None:
    """Remove uploads that no run needs; raise where those in use leave no room."""
    needed = set()
    for run in runs:
        with suppress(AttnvizError):
            needed.add(Path(run.job.source))
    kept = 0
    for path in uploads.glob("*/*.zip"):
        if path in needed:
            kept += path.stat().st_size
        else:
            path.unlink(missing_ok=True)
    if kept + size > MOST_KEPT:
        raise RunError("The ZIPs of your runs take 2 GB. Remove a run from the list to make room.")
    if Hosting.from_environment().hosted:
        everyone = own_sets_folder().parents[2]  # of all visitors
        if size_of_folder(everyone) + size > MOST_SHARED:
            raise RunError(
                "The server has no room for this ZIP now: others fill it. Try again in an hour."
            )


@st.cache_data(max_entries=16, ttl=20, show_spinner=False)
def _count(source: str) -> tuple[int, bool]:
    """How many pictures there are, and whether there may be more."""
    path = Path(source)
    if is_archive(path):
        return len(files_of_archive(path)), False
    folders = list(islice(map(len, pictures_by_folder(path, path / ".attnviz")), _MOST_FOLDERS))
    return sum(folders), len(folders) == _MOST_FOLDERS


def count_text(source: Path) -> str:
    """Say how many pictures there are, as in "128 pictures"; empty if there are none."""
    try:
        count, more = _count(str(source))
    except AttnvizError as error:
        show_error(error)
        return ""
    least = "at least " if more else ""
    return f"{least}{count:,} picture{'s' * (count != 1)}" if count or more else ""
