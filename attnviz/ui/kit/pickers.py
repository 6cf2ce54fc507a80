"""Choosing a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from attnviz.decoding.uploads import open_upload, open_upload_film
from attnviz.errors import PictureError, TargetError
from attnviz.pictures import Picture, list_samples, open_sample
from attnviz.pictures.presentation import AS_USUAL
from attnviz.ui.components.thumbnails import Thumbnail, pick_thumbnail
from attnviz.ui.kit.camera import offer_camera, show_camera
from attnviz.ui.kit.guard import show_error
from attnviz.ui.kit.input_size import SIZE
from attnviz.ui.kit.photo_store import KeptPhoto
from attnviz.ui.kit.picture_cache import shown_sample, shown_upload, thumbnail
from attnviz.ui.kit.presentation_picker import (
    PRESENTATION_KEYS,
    pick_presentation,
    presentation_of,
)
from attnviz.ui.kit.presented_photos import presented_upload
from attnviz.ui.kit.tab_title import name_photo
from attnviz.ui.kit.turns import stepping_aside
from attnviz.ui.kit.uploads import (
    forget_messages,
    kept_photos,
    offer_removal,
    offer_upload,
    show_messages,
)
from attnviz.ui.kit.url_state import linked
from attnviz.ui.kit.videos import is_moving
from attnviz.video.film import Video

DEFAULT_SAMPLE = "china"
SAMPLE_PREFIX = "sample:"
_ENOUGH = 8  # digits of a checksum that name a photo
# Choices of these pickers that a link contains.
PICKER_KEYS = ("picture", "model", SIZE, *PRESENTATION_KEYS)


@dataclass(frozen=True)
class Photo:
    """A picture that the user can choose.

    Attributes
    ----------
    shown : Picture
        The picture at display size.
    whole : callable
        Opens the picture at its original size.
    title : str
        For an upload the file's name, which must be escaped.
    credit : str
        Author, licence and source, if known.
    video : callable or None
        Opens the video of which the picture is the first frame.
    """

    shown: Picture
    whole: Callable[[], Picture]
    title: str
    credit: str = ""
    video: Callable[[], Video] | None = None


def pick_picture(beside_camera: Callable[[], None] | None = None) -> Photo | None:
    """Let the user choose an upload or a sample photo; None if there is none to show.

    Parameters
    ----------
    beside_camera : callable, optional
        Shows a further button beside that of the camera.
    """
    return next(iter(pick_from_row(beside_camera).values()), None)


def pick_from_row(beside_camera: Callable[[], None] | None = None) -> dict[str, Photo]:
    """Show a row of the visitor's photos, followed by the sample photos, to choose one.

    Parameters
    ----------
    beside_camera : callable, optional
        As for `pick_picture`.

    Returns
    -------
    dict of str to Photo
        All pictures by key, the chosen one first. Empty if the page's link asks for a photo that is
        not here: a message says so, and no other is shown in its place.

    Notes
    -----
    `st.session_state["picture"]` holds the key of the chosen picture: an upload's SHA-256, or
    `sample:` and a name.
    """
    choose, upload = st.container(key="photos").columns([3, 2])
    photos = _uploaded(kept_photos(), as_usual=True) | _samples()
    if not photos:
        with upload:
            _offer_new(beside_camera)
        show_messages()
        return {}
    if "picture" not in st.session_state:
        st.session_state["picture"] = linked("picture")
    if not st.session_state["picture"]:
        st.session_state["picture"] = _first(photos)
    row = [
        Thumbnail(key, photo.title, thumbnail(photo.shown.sha256, photo.shown))
        for key, photo in photos.items()
    ]
    chosen: str = st.session_state["picture"]
    with choose:
        picked = pick_thumbnail(row, chosen if chosen in photos else "", key="pictures")
        if picked is not None:
            st.session_state["picture"] = chosen = picked
            forget_messages()
    with upload:
        _offer_new(beside_camera, chosen)
    show_messages()
    if chosen not in photos:
        if all(one.checksum != chosen for one in kept_photos()):  # else it was said why
            st.warning(_missing_text(chosen), icon=":material/hide_image:")
        return {}
    name_photo(photos[chosen].title)
    pick_presentation(next((one for one in kept_photos() if one.checksum == chosen), None))
    photos |= _uploaded([one for one in kept_photos() if one.checksum in photos])
    return {chosen: photos[chosen]} | photos


def _offer_new(beside_camera: Callable[[], None] | None, chosen: str = "") -> None:
    """Show the box for new photos, the way to the camera, and removal of the chosen photo."""
    offer_upload()
    with st.container(horizontal=True, vertical_alignment="center"):
        offer_camera()
        if beside_camera is not None:
            beside_camera()
        offer_removal(chosen)
    show_camera()


def known_photos() -> dict[str, Photo]:
    """Return the visitor's photos, followed by the sample photos, by key."""
    return _uploaded(kept_photos()) | _samples()


def known_picture(checksum: str) -> Picture:
    """Return one of the known photos by its checksum, or the beginning of it.

    Parameters
    ----------
    checksum : str
        At least 8 digits of the photo's SHA-256.

    Raises
    ------
    TargetError
        It is none of them.
    """
    for photo in known_photos().values():
        if len(checksum) >= _ENOUGH and photo.shown.sha256.startswith(checksum):
            return photo.shown
    raise TargetError("The photo that is asked for is not here. Choose another one.")


def chosen_key() -> str:
    """Return the key of the chosen picture; empty before one is chosen."""
    return str(st.session_state.get("picture") or "")


def _first(photos: dict[str, Photo]) -> str:
    """The picture that a new visitor sees; that of one who comes back is the latest upload."""
    uploads = [key for key in photos if not key.startswith(SAMPLE_PREFIX)]
    default = SAMPLE_PREFIX + DEFAULT_SAMPLE
    return uploads[-1] if uploads else default if default in photos else next(iter(photos))


def _missing_text(key: str) -> str:
    if key.startswith(SAMPLE_PREFIX):
        return "This page asks for a sample photo that is not here. Choose another picture above."
    return (
        "The photo of this page is not here. Photos are kept for whoever added them, and not for "
        "long; a link carries the settings alone. Add the photo above to see it with these "
        "settings, or choose another picture."
    )


def _samples() -> dict[str, Photo]:
    """The sample photos; shows a message for each damaged file."""
    photos: dict[str, Photo] = {}
    for sample in list_samples():
        credit = f"Photo: {sample.credit} {sample.licence}. {sample.source}"
        try:
            shown = shown_sample(sample.name)
        except PictureError as error:
            show_error(error)
        else:
            whole = partial(open_sample, sample.name)
            photos[SAMPLE_PREFIX + sample.name] = Photo(shown, whole, sample.title, credit)
    return photos


def _uploaded(photos: Sequence[KeptPhoto], *, as_usual: bool = False) -> dict[str, Photo]:
    """The visitor's photos by checksum, with the channels, window and slice that are chosen.

    Of each that cannot be opened now, as on a busy server, a message says so.
    """
    found: dict[str, Photo] = {}
    for kept in photos:
        try:
            found[kept.checksum] = _presented(kept, as_usual=as_usual)
        except PictureError as error:
            show_error(error)
    return found


def _presented(kept: KeptPhoto, *, as_usual: bool) -> Photo:
    wanted = AS_USUAL if as_usual else presentation_of(kept.checksum)
    if wanted == AS_USUAL:
        shown = shown_upload(kept.checksum, kept.name, kept.source)
    else:
        shown = presented_upload(kept.checksum, kept.name, wanted.texts(), kept.source)
    whole = partial(open_upload, kept.source, wanted, name=kept.name, checksum=kept.checksum)
    moving = is_moving(kept.checksum, kept.source)
    video = partial(
        open_upload_film,
        kept.source,
        name=kept.name,
        checksum=kept.checksum,
        aside=stepping_aside,
    )
    return Photo(shown, whole, shown.name, video=video if moving else None)
