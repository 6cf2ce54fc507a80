"""Opening what people add: by a worker, or here if it is a small photo on one's own computer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from attnviz.decoding.choices import Choices, choices_in
from attnviz.decoding.films import ask_for_film
from attnviz.decoding.messages import BrokenMessageError
from attnviz.decoding.pool import workers
from attnviz.decoding.stills import moves, open_still, open_uploaded_video, picture_of_message
from attnviz.errors import BusyWorkersError, PictureError
from attnviz.hosting import Hosting
from attnviz.pictures import Picture
from attnviz.pictures.decoding import PLENTY
from attnviz.pictures.formats import JPEG, PNG, WEBP, early_size, recognise
from attnviz.pictures.presentation import AS_USUAL, Presentation
from attnviz.pictures.stacks.base import reader_of
from attnviz.pictures.structure import jpeg_structure
from attnviz.video.film import Video


def open_upload(
    source: bytes,
    presentation: Presentation = AS_USUAL,
    *,
    name: str,
    checksum: str,
    longest: int | None = None,
) -> Picture:
    """Open an uploaded file as a picture: of a video the first frame.

    Parameters
    ----------
    source
        The file's content.
    presentation
        What is shown of a file of channels and slices.
    name
        The file's name.
    checksum
        SHA-256 of the content.
    longest
        Longer side in pixels to which it is reduced; None for its own size.

    Returns
    -------
    Picture

    Raises
    ------
    PictureError
        It is neither a picture nor a video, or takes too much to open.
    """
    if presentation == AS_USUAL and opens_here(source):
        return open_still(source, name, longest)
    answer = workers().ask(
        "still", source, checksum, name, texts=presentation.texts(), longest=longest
    )
    try:
        return picture_of_message(answer)
    except BrokenMessageError as error:
        raise _broken(name) from error


def upload_choices(source: bytes, *, name: str, checksum: str) -> Choices | None:
    """Return what can be chosen of an uploaded file; None for a photo, or what cannot be opened.

    Raises
    ------
    BusyWorkersError
        It cannot be said now: do not keep an answer.
    """
    if opens_here(source):
        return choices_in(source, name)
    try:
        found = workers().ask("choices", source, checksum, name).facts.get("choices")
        return None if found is None else Choices.of_facts(found)
    except BusyWorkersError:
        raise
    except (PictureError, BrokenMessageError):
        return None


def upload_moves(source: bytes, *, checksum: str) -> bool:
    """Return whether an uploaded file is a video or an animated picture.

    Raises
    ------
    BusyWorkersError
        As from `upload_choices`.
    """
    if opens_here(source):
        return moves(source)
    try:
        answer = workers().ask("moves", source, checksum, "this file")
    except BusyWorkersError:
        raise
    except PictureError:
        return False
    return answer.facts.get("moves") is True


def open_upload_film(
    source: bytes,
    *,
    name: str,
    checksum: str,
    aside: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Video:
    """Open an uploaded video or animated picture; VideoError if it is none, or too large.

    Parameters
    ----------
    source, name, checksum
        As in `open_upload`.
    aside
        Entered while the workers read other videos, as in `WorkerPool.stream`.
    """
    if Hosting.from_environment().hosted:
        return ask_for_film(source, name, checksum, aside)
    return open_uploaded_video(source, name)


def opens_here(source: bytes) -> bool:
    """Whether a file is opened in this process: a photo of usual size, in local mode."""
    if Hosting.from_environment().hosted or reader_of(source) is not None:
        return False
    form = recognise(source)
    if form is JPEG:
        size = jpeg_structure(source).size
    elif form in (PNG, WEBP):
        size = early_size(form, source)
    else:
        return False
    return size is not None and size[0] * size[1] <= PLENTY


def _broken(name: str) -> PictureError:
    return PictureError(f"{name} cannot be opened. Save it again as JPEG or PNG.")
