"""Pictures for a training: generated shapes, a folder on this computer, or a ZIP file."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import streamlit as st

from attnviz.errors import AttnvizError, TrainingError
from attnviz.hosting import Hosting
from attnviz.training.data.class_folders import count_pictures_up_to
from attnviz.training.data.shapes import has_all_shapes, write_shapes
from attnviz.training.data.zipped import unpack_classes
from attnviz.ui.kit.folder_picker import pick_folder_path
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.trainings import known_runs
from attnviz.ui.kit.visitor_folders import own_runs_folder

SHAPES_TITLE = "Four generated shapes"
FOLDER_TITLE = "A folder on this computer"
ZIP_TITLE = "A ZIP file"
_LARGEST_ZIP = 512  # MB
_NAMED = 6  # classes listed with their counts


def pick_pictures() -> Path | None:
    """Let the user choose pictures.

    Returns
    -------
    Path or None
        A folder with a folder for each class; None if there is nothing to train on. For the four
        shapes, the folder to which `ensure_shapes` will write them.
    """
    folders = [FOLDER_TITLE] if Hosting.from_environment().opens_folders else []
    titles = (SHAPES_TITLE, *folders, ZIP_TITLE)
    source = st.radio("Pictures", titles, horizontal=True, key="live pictures")
    if source == SHAPES_TITLE:
        return shapes_folder()
    try:
        folder = _in_folder() if source == FOLDER_TITLE else _in_zip()
        if folder is not None:
            _show_counts(folder)
    except AttnvizError as error:
        st.info(plain_text(str(error)))
        return None
    return folder


def shapes_folder() -> Path:
    """Return the folder of the four shapes."""
    return own_runs_folder().parent / "shapes"


def ensure_shapes() -> Path:
    """Return the folder of the four shapes; writes them if any picture is missing."""
    folder = shapes_folder()
    if not has_all_shapes(folder):
        try:
            write_shapes(folder)
        except OSError as error:
            raise TrainingError(
                f"{folder} cannot be written ({error.strerror}). Set ATTNVIZ_RUNS to another "
                "folder."
            ) from error
    return folder


def _in_folder() -> Path | None:
    return pick_folder_path(
        "Folder with a subfolder for each class",
        "live folder",
        "At least two subfolders of pictures; a tenth of each is set aside for validation. "
        "Nothing in it is changed.",
    )


def _in_zip() -> Path | None:
    file = st.file_uploader(
        "ZIP file with a folder for each class",
        type=["zip"],
        key="live zip",
        max_upload_size=Hosting.from_environment().largest_upload(_LARGEST_ZIP),
        help="Only pictures are unpacked, into attnviz's own folder.",
    )
    if not file:
        return None
    into = own_runs_folder().parent / "unpacked"
    shared = into.parents[1] if Hosting.from_environment().hosted else None
    return unpack_classes(file.getvalue(), into, _folders_in_use(), shared)


def _folders_in_use() -> set[Path]:
    """Return the folders whose pictures a training needs that may be resumed."""
    folders = set()
    for run in known_runs():
        with suppress(AttnvizError):
            folders.add(Path(run.job.data))
    return folders


def picture_count(folder: Path) -> int:
    """Return the number of pictures in the classes of a folder; 0 if they cannot be counted."""
    try:
        return sum((_counts(str(folder)) or {}).values())
    except TrainingError:
        return 0


def _show_counts(folder: Path) -> None:
    counts = _counts(str(folder))
    if counts is None:
        st.info("Too many files to count. Open the folder that contains the classes.")
        return
    classes = ", ".join(f"{name} {count:,}" for name, count in list(counts.items())[:_NAMED])
    more = f" and {len(counts) - _NAMED:,} more" if len(counts) > _NAMED else ""
    pictures = f"{sum(counts.values()):,} pictures"
    st.caption(plain_text(f"{pictures} of {len(counts):,} classes: {classes}{more}."))


@st.cache_data(max_entries=16, ttl=20, show_spinner=False)
def _counts(folder: str) -> dict[str, int] | None:
    try:
        return count_pictures_up_to(folder)
    except OSError as error:
        raise TrainingError(f"{folder} cannot be read ({error.strerror or error}).") from error
