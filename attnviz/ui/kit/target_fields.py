"""The fields of a question: a widget for each of its parts, which begins with the link's value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import DeletedFile

from attnviz.decoding.uploads import open_upload
from attnviz.errors import AttnvizError
from attnviz.pictures import Picture
from attnviz.targets import Part, Target, TextContext
from attnviz.targets.region import Region
from attnviz.types import BoolArray
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.photo_store import KeptPhoto
from attnviz.ui.kit.pickers import chosen_key, known_photos
from attnviz.ui.kit.uploads import FILE_TYPES, largest_photo
from attnviz.ui.kit.url_state import went_back

_POINT = ("x", "y")  # parts of a target at a point
_TAPPED = "tapped"
_SHARES = {
    "x": "From the left", "y": "From the top", "x0": "Left edge", "y0": "Top edge",
    "x1": "Right edge", "y1": "Bottom edge",
}  # fmt: skip
_FIRST_SHARES = {"x0": 0.25, "y0": 0.25, "x1": 0.75, "y1": 0.75}  # edges of a box
_WIDTH = 320  # px


@dataclass(frozen=True)
class Field:
    """One part of a target on the page.

    Attributes
    ----------
    kind, name
        Names of the kind of target, and of its part.
    first
        What it begins with; None for the default.
    place
        How many parts stand before it.
    classes
        All classes to choose from.
    """

    kind: str
    name: str
    first: Any
    place: int
    classes: list[str]

    def start(self, default: Any) -> str:
        """Set the first value; return the widget's key."""
        return start_field(
            f"{self.kind} {self.name}", default if self.first is None else self.first
        )


def start_field(name: str, first: Any) -> str:
    """Return the key of a widget that begins with a value.

    Parameters
    ----------
    name : str
        Of the widget.
    first : object
        What the link asks for; it is taken again when the visitor goes back.
    """
    key = f"target {name}"
    if went_back():
        st.session_state[key] = first
    st.session_state.setdefault(key, first)
    if (tapped := st.session_state.pop(f"{key} {_TAPPED}", None)) is not None:
        st.session_state[key] = tapped
    return key


def move_to(target: Target, x: float, y: float) -> None:
    """Let the fields of a target at a point follow a tap, in the next run of the page.

    Parameters
    ----------
    target : Target
        With a `point`.
    x, y : float
        The tapped point in 0..1 of the picture; rounded to the steps of the fields.
    """
    for name, share in zip(_POINT, (x, y), strict=True):
        st.session_state[f"target {target.name} {name} {_TAPPED}"] = round(share, 2)


def fill_in(field: Field, part: Part) -> Any:
    """Show the field of a part; return its value, None while there is none."""
    return _FIELDS[part](field)


def can_fill_in(kind: type[Target]) -> bool:
    """Whether a page has a field for each part of a kind of target, and it has any."""
    return bool(kind.parts) and set(kind.parts.values()) <= set(_FIELDS)


def _class_field(field: Field) -> str:
    key = field.start(field.classes[min(field.place, len(field.classes) - 1)])
    if st.session_state[key] not in field.classes:
        st.session_state[key] = field.classes[0]
    title = "This class" if field.place == 0 else "rather than"
    return str(st.selectbox(title, field.classes, key=key, persist_state="session", width=_WIDTH))


def _found_class_field(field: Field) -> int | str | None:
    key = field.start("")
    unnamed = [] if field.first in (None, *field.classes) else [field.first]
    options: list[int | str] = ["", *field.classes, *unnamed]
    if st.session_state[key] not in options:
        st.session_state[key] = ""
    chosen = st.selectbox(
        "Class",
        options,
        format_func=lambda label: "what is found there" if label == "" else str(label),
        key=key,
        persist_state="session",
        width=_WIDTH,
        help="Name a class to ask why the model does not find it there.",
    )
    return None if chosen == "" else chosen


def _text_field(field: Field) -> str | None:
    title = field.name.capitalize()
    return st.text_input(title, key=field.start(""), persist_state="session").strip() or None


def _share_field(field: Field) -> float:
    key = field.start(_FIRST_SHARES.get(field.name, 0.5))
    title = _SHARES.get(field.name, field.name)
    return float(st.slider(title, 0.0, 1.0, step=0.01, key=key, persist_state="session"))


def _picture_field(field: Field) -> Picture | None:
    photos = {key: photo for key, photo in known_photos().items() if key != chosen_key()}
    if not photos:
        st.info("Add another photo to compare with.")
        return None
    wanted = field.first.sha256 if isinstance(field.first, Picture) else ""
    first = next((key for key, one in photos.items() if one.shown.sha256 == wanted), None)
    key = start_field(f"{field.kind} {field.name}", first or next(iter(photos)))
    if st.session_state[key] not in photos:
        st.session_state[key] = next(iter(photos))
    chosen = st.selectbox(
        "Photo to compare with",
        list(photos),
        format_func=lambda name: photos[name].title,
        key=key,
        persist_state="session",
        width=_WIDTH,
    )
    return photos[chosen].shown


def _mask_field(field: Field) -> BoolArray | None:
    key = field.start(None)
    st.file_uploader(
        "Picture of the region",
        type=FILE_TYPES,
        key=f"{key} file",
        on_change=_receive_mask,
        args=(key,),
        max_upload_size=largest_photo(),
        help="White inside the region and black outside, of the same shape as the photo.",
    )
    if problem := st.session_state.get(f"{key} problem"):
        st.error(plain_text(problem), icon=":material/error:")
    mask: BoolArray | None = st.session_state[key]
    return mask


def _receive_mask(key: str) -> None:
    """Take the region of a picture, as finely as a link says it: so both show the same."""
    file = st.session_state.get(f"{key} file")
    if isinstance(file, DeletedFile):  # it lay in the box for long; its region stays
        return
    st.session_state[f"{key} problem"], st.session_state[key] = "", None
    if file is None:
        return
    mask = KeptPhoto.of(file.name, file.getvalue())
    try:
        opened = open_upload(mask.source, name=mask.name, checksum=mask.checksum)
        inside = opened.pixels.mean(-1) > 127
        st.session_state[key] = Region.parse(Region(inside).text(), TextContext()).mask
    except AttnvizError as error:
        st.session_state[f"{key} problem"] = str(error)


_FIELDS: Mapping[Part, Callable[[Field], Any]] = {
    Part.CLASS: _class_field,
    Part.FOUND_CLASS: _found_class_field,
    Part.TEXT: _text_field,
    Part.SHARE: _share_field,
    Part.PICTURE: _picture_field,
    Part.MASK: _mask_field,
}
