"""A file of any kind as one picture: what a worker is for."""

from __future__ import annotations

from attnviz.decoding.messages import BrokenMessageError, Message, arrays_of, with_arrays
from attnviz.errors import PictureError, VideoError
from attnviz.pictures import Picture, open_picture
from attnviz.pictures.channels import Channels
from attnviz.pictures.limits import MEGABYTE
from attnviz.video.film import Video
from attnviz.video.limits import VideoLimits
from attnviz.video.opening import is_container, open_video

UPLOAD_LIMITS = VideoLimits(max_bytes=64 * MEGABYTE)
"""Of a video that is uploaded: it lies in memory, as photos do."""


def open_still(source: bytes, name: str | None, longest: int | None) -> Picture:
    """Open a file as a picture: of a video the first frame.

    Parameters
    ----------
    source
        The file's content.
    name
        The file's name.
    longest
        Longer side in pixels to which it is reduced; None for its own size.

    Returns
    -------
    Picture

    Raises
    ------
    PictureError
        It is neither a picture nor a video, or too large.
    """
    if not is_container(source):
        return open_picture(source, name=name, longest=longest)
    try:
        video = open_uploaded_video(source, name)
        first = next(video.frames())
    except VideoError as error:
        raise PictureError(str(error)) from error
    except StopIteration as error:
        raise PictureError(f"{name or 'This video'} has no frames. Save it again.") from error
    note = "This is the first frame of a video."
    still = Picture(first.pixels, video.name, video.sha256, (note,))
    return still if longest is None else still.reduced(longest)


def open_uploaded_video(source: bytes, name: str | None) -> Video:
    """Open an uploaded video or animated picture; VideoError if it is none, or too large."""
    return open_video(source, name=name, limits=UPLOAD_LIMITS)


def moves(source: bytes) -> bool:
    """Return whether a file is a video or an animated picture."""
    if is_container(source):
        return True
    try:
        open_uploaded_video(source, None)
    except VideoError:
        return False
    return True


def picture_message(picture: Picture) -> Message:
    """Return a picture as a message."""
    facts = {"name": picture.name, "sha256": picture.sha256, "notes": picture.notes}
    channels = picture.channels
    if channels is None:
        return with_arrays(facts, [picture.pixels])
    described = {
        "names": channels.names,
        "shown": channels.shown,
        "place": channels.place,
        "slices": channels.slices,
    }
    return with_arrays(facts | {"channels": described}, [picture.pixels, channels.values])


def picture_of_message(message: Message) -> Picture:
    """Return the picture of a message; BrokenMessageError if it holds none."""
    facts = message.facts
    pixels, *values = arrays_of(message)
    try:
        channels = None
        if (described := facts.get("channels")) is not None:
            red, green, blue = map(int, described["shown"])
            names = tuple(map(str, described["names"]))
            place, slices = int(described["place"]), int(described["slices"])
            channels = Channels(values[0], names, (red, green, blue), place, slices)
        notes = tuple(map(str, facts["notes"]))
        return Picture(pixels, str(facts["name"]), str(facts["sha256"]), notes, channels)
    except (KeyError, TypeError, ValueError, IndexError, PictureError) as error:
        raise BrokenMessageError from error
