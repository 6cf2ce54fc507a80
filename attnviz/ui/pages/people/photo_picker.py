"""Choosing one picture of the folder, from a row for each two dozen."""

from __future__ import annotations

import streamlit as st

from attnviz.errors import PictureError
from attnviz.metrics.fixations import FixatedPicture
from attnviz.pictures import open_picture
from attnviz.ui.components.thumbnails import Thumbnail, pick_thumbnail, thumbnail_jpeg
from attnviz.ui.kit.cache import file_version
from attnviz.ui.kit.guard import show_error
from attnviz.ui.pages.people.folder import OpenedFolder

ROW = 24
_PHOTO, _PAGE = "people photo", "people part"


def pick_photo(opened: OpenedFolder) -> int | None:
    """The number of the chosen picture; None where no picture of the row can be opened."""
    photos = opened.found.pictures
    kept: dict[tuple[str, ...], int] = st.session_state.setdefault(_PHOTO, {})
    chosen = min(kept.get(opened.key, 0), len(photos) - 1)
    if len(photos) > ROW:
        chosen = _pick_page(chosen, len(photos))
    first = chosen // ROW * ROW
    row = {}
    for number in range(first, min(first + ROW, len(photos))):
        looked = photos[number]
        try:
            small = _small(str(looked.path), file_version(looked.path))
        except PictureError as error:
            show_error(error)
        else:
            row[str(number)] = Thumbnail(str(number), looked.name, small)
    if not row:
        return None
    shown = str(chosen) if str(chosen) in row else next(iter(row))
    picked = pick_thumbnail(list(row.values()), shown, key="people pictures")
    kept[opened.key] = int(picked or shown)
    return kept[opened.key]


def _pick_page(chosen: int, count: int) -> int:
    """Turn to another two dozen; returns the chosen picture, its first where it was turned."""
    parts = list(range(0, count, ROW))
    st.session_state[_PAGE] = chosen // ROW * ROW
    turned = st.session_state.pop(f"{_PAGE} turned", None)
    if turned in parts:
        st.session_state[_PAGE], chosen = turned, turned
    at = parts.index(st.session_state[_PAGE])
    with st.container(horizontal=True, vertical_alignment="center"):
        _page_button("Back", "chevron_left", parts[max(at - 1, 0)], stuck=at == 0)
        _page_button(
            "On", "chevron_right", parts[min(at + 1, len(parts) - 1)], stuck=at == len(parts) - 1
        )
        st.markdown(f"Pictures {parts[at] + 1}–{min(parts[at] + ROW, count)} of {count:,}")
    return chosen


def _page_button(title: str, icon: str, to: int, *, stuck: bool) -> None:
    def turn() -> None:
        st.session_state[f"{_PAGE} turned"] = to

    st.button(
        title, icon=f":material/{icon}:", on_click=turn, disabled=stuck, key=f"{_PAGE} {icon}"
    )


@st.cache_data(max_entries=1500, ttl="4h", show_spinner=False)
def _small(path: str, state: tuple[int, ...]) -> bytes:
    del state  # part of the key: a picture that was replaced is opened again
    return thumbnail_jpeg(open_picture(path).pixels)


def photo_title(looked: FixatedPicture) -> str:
    """A picture's name and how many looked at it."""
    many = len(looked.observers)
    return f"{looked.name}, {many} viewer{'' if many == 1 else 's'}"
