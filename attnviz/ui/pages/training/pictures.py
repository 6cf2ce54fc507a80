"""Which pictures a training gets: made here, in a folder of this computer, or in a ZIP."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from attnviz.errors import TrainingError
from attnviz.training.data.class_folders import count_pictures_up_to
from attnviz.training.data.shapes import has_all_shapes, write_shapes
from attnviz.training.data.zipped import unpack_classes
from attnviz.training.jobs.runs import runs_folder
from attnviz.ui.kit.folder_picker import pick_folder_path
from attnviz.ui.kit.guard import plain_text

SHAPES_TITLE = "Four shapes, made here"
FOLDER_TITLE = "A folder on this computer"
ZIP_TITLE = "A ZIP of mine"
_NAMED = 6  # classes that are named with their counts


def pick_pictures() -> Path | None:
    """The folder of class folders, with what it holds said; None where there is none to train on.

    The four shapes are written only by `ensure_shapes`: this gives the folder where they will lie.
    """
    titles = (SHAPES_TITLE, FOLDER_TITLE, ZIP_TITLE)
    source = st.radio("Pictures", titles, horizontal=True, key="live pictures")
    if source == SHAPES_TITLE:
        return shapes_folder()
    try:
        folder = _in_folder() if source == FOLDER_TITLE else _in_zip()
        if folder is not None:
            _show_counts(folder)
    except TrainingError as error:
        st.info(plain_text(str(error)))
        return None
    return folder


def shapes_folder() -> Path:
    """Where the four shapes lie."""
    return runs_folder().parent / "shapes"


def ensure_shapes() -> Path:
    """The folder of the four shapes, written the first time, and where one picture is missing."""
    folder = shapes_folder()
    if not has_all_shapes(folder):
        try:
            write_shapes(folder)
        except OSError as error:
            raise TrainingError(
                f"{folder} cannot be written ({error.strerror}). Set ATTNVIZ_RUNS."
            ) from error
    return folder


def _in_folder() -> Path | None:
    return pick_folder_path(
        "The folder with a folder for each class",
        "live folder",
        "At least two folders of pictures; a tenth of each is set aside for the score. "
        "Nothing in it is changed.",
    )


def _in_zip() -> Path | None:
    file = st.file_uploader(
        "A ZIP with a folder for each class",
        type=["zip"],
        key="live zip",
        help="Only its pictures are unpacked, into attnviz's own folder.",
    )
    return unpack_classes(file.getvalue(), runs_folder().parent / "unpacked") if file else None


def _show_counts(folder: Path) -> None:
    counts = _counts(str(folder))
    if counts is None:
        st.info("Too many files to count. Go into the folder that holds the classes.")
        return
    named = ", ".join(f"{name} {count:,}" for name, count in list(counts.items())[:_NAMED])
    more = f" and {len(counts) - _NAMED:,} more" if len(counts) > _NAMED else ""
    pictures = f"{sum(counts.values()):,} pictures"
    st.caption(plain_text(f"{pictures} of {len(counts):,} classes: {named}{more}."))


@st.cache_data(max_entries=16, ttl=20, show_spinner=False)
def _counts(folder: str) -> dict[str, int] | None:
    try:
        return count_pictures_up_to(folder)
    except OSError as error:
        raise TrainingError(f"{folder} cannot be read ({error.strerror or error}).") from error
