"""Choosing one picture of the folder, in rows of thumbnails."""

from __future__ import annotations

import streamlit as st

from attnviz.errors import PictureError
from attnviz.metrics.fixations import FixatedPicture
from attnviz.pictures import open_picture
from attnviz.ui.components.thumbnails import Thumbnail, pick_thumbnail, thumbnail_jpeg
from attnviz.ui.kit.file_version import file_version
from attnviz.ui.kit.guard import show_error
from attnviz.ui.pages.people.folder import OpenedFolder

ROW = 24
_PHOTO, _ROW = "people photo", "people part"


def pick_photo(opened: OpenedFolder) -> int | None:
    """Let the user choose a picture.

    Parameters
    ----------
    opened : OpenedFolder
        Pictures with fixations.

    Returns
    -------
    int or None
        Index of the picture; None if no picture of the row can be opened.
    """
    photos = opened.dataset.pictures
    chosen_by_folder: dict[tuple[str, ...], int] = st.session_state.setdefault(_PHOTO, {})
    chosen = min(chosen_by_folder.get(opened.key, 0), len(photos) - 1)
    if len(photos) > ROW:
        chosen = _pick_row(chosen, len(photos))
    first = chosen // ROW * ROW
    row = {}
    for number in range(first, min(first + ROW, len(photos))):
        picture = photos[number]
        try:
            small = _small(str(picture.path), file_version(picture.path))
        except PictureError as error:
            show_error(error)
        else:
            row[str(number)] = Thumbnail(str(number), picture.name, small)
    if not row:
        return None
    shown = str(chosen) if str(chosen) in row else next(iter(row))
    picked = pick_thumbnail(list(row.values()), shown, key="people pictures")
    chosen_by_folder[opened.key] = int(picked or shown)
    return chosen_by_folder[opened.key]


def _pick_row(chosen: int, count: int) -> int:
    """Move to another row; returns the chosen picture, or the new row's first one."""
    starts = list(range(0, count, ROW))
    st.session_state[_ROW] = chosen // ROW * ROW
    requested = st.session_state.pop(f"{_ROW} turned", None)
    if requested in starts:
        st.session_state[_ROW], chosen = requested, requested
    at = starts.index(st.session_state[_ROW])
    with st.container(horizontal=True, vertical_alignment="center"):
        _row_button("Previous", "chevron_left", starts[max(at - 1, 0)], disabled=at == 0)
        last = len(starts) - 1
        _row_button("Next", "chevron_right", starts[min(at + 1, last)], disabled=at == last)
        st.markdown(f"Pictures {starts[at] + 1}–{min(starts[at] + ROW, count)} of {count:,}")
    return chosen


def _row_button(title: str, icon: str, start: int, *, disabled: bool) -> None:
    def request() -> None:
        st.session_state[f"{_ROW} turned"] = start

    st.button(
        title, icon=f":material/{icon}:", on_click=request, disabled=disabled, key=f"{_ROW} {icon}"
    )


@st.cache_data(max_entries=1500, ttl="4h", show_spinner=False)
def _small(path: str, state: tuple[int, ...]) -> bytes:
    del state  # part of the key: a replaced picture is opened again
    return thumbnail_jpeg(open_picture(path).pixels)


def photo_title(picture: FixatedPicture) -> str:
    """Give a picture's name and the number of its viewers."""
    count = len(picture.observers)
    return f"{picture.name}, {count} viewer{'' if count == 1 else 's'}"
