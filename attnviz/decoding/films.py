"""An uploaded video whose frames a worker decodes, one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from fractions import Fraction

from attnviz.decoding.messages import BrokenMessageError, Facts, Message, arrays_of, with_arrays
from attnviz.decoding.pool import workers
from attnviz.decoding.stills import open_uploaded_video
from attnviz.errors import PictureError, VideoError
from attnviz.types import Pixels
from attnviz.video.film import Frame, Sound, Video
from attnviz.video.sound import sound_alone


@dataclass(frozen=True, eq=False)
class UploadedVideo(Video):
    """A video that is never decoded in this process.

    Attributes
    ----------
    source
        The file's content.
    aside
        Entered while other videos are waited for, as in `WorkerPool.stream`.
    """

    source: bytes = field(repr=False)
    aside: Callable[[], AbstractContextManager[object]] = field(default=nullcontext, repr=False)

    def frames(self, size: tuple[int, int] | None = None) -> Iterator[Frame]:
        """See `Video`; a worker of its own reads them as fast as they are taken."""
        answers = workers().stream(
            "frames", self.source, self.sha256, self.name, aside=self.aside, size=size
        )
        try:
            for answer in answers:
                yield _frame(answer, size or self.size)
        except PictureError as error:
            raise VideoError(str(error)) from error
        except BrokenMessageError as error:
            raise _broken(self.name) from error

    def sound(self) -> Sound | None:
        """See `Video`: the tracks alone, as a worker has put them together."""
        try:
            (track,) = workers().ask("sound", self.source, self.sha256, self.name).parts
        except PictureError as error:
            raise VideoError(str(error)) from error
        except ValueError as error:
            raise _broken(self.name) from error
        return (bytes(track), "mov") if track else None


def ask_for_film(
    source: bytes,
    name: str,
    checksum: str,
    aside: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> UploadedVideo:
    """Have a worker find out what a video is; `aside` as in `UploadedVideo`.

    Raises
    ------
    VideoError
        It is none, or takes too much to open.
    """
    try:
        facts = workers().ask("film", source, checksum, name).facts
        height, width = map(int, facts["size"])
        base = Fraction(int(facts["ticks"][0]), int(facts["ticks"][1]))
        count = None if facts["count"] is None else int(facts["count"])
        name = str(facts["name"])
        return UploadedVideo(name, checksum, (height, width), base, count, source, aside)
    except PictureError as error:
        raise VideoError(str(error)) from error
    except (KeyError, TypeError, ValueError, IndexError, ZeroDivisionError) as error:
        raise _broken(name) from error


def film_facts(source: bytes, facts: Facts) -> Message:
    """Say what a video is; a worker's task."""
    film = open_uploaded_video(source, facts["name"])
    base = film.time_base
    return Message(
        {
            "name": film.name,
            "size": film.size,
            "ticks": (base.numerator, base.denominator),
            "count": film.count,
        }
    )


def film_frames(source: bytes, facts: Facts) -> Iterator[Message]:
    """Decode a video's frames; a worker's task."""
    size = None if facts["size"] is None else (int(facts["size"][0]), int(facts["size"][1]))
    for frame in open_uploaded_video(source, facts["name"]).frames(size):
        yield with_arrays({"tick": frame.tick, "lasts": frame.lasts}, [frame.pixels])


def film_sound(source: bytes, facts: Facts) -> Message:
    """Put the tracks of a video's sound into a file of their own; a worker's task."""
    film = open_uploaded_video(source, facts["name"])
    sound = film.sound()
    return Message({}, (sound_alone(*sound, film.name) if sound else b"",))


def _frame(answer: Message, size: tuple[int, int]) -> Frame:
    (pixels,) = arrays_of(answer)
    if pixels.shape != (*size, 3) or pixels.dtype != "uint8":
        raise BrokenMessageError
    shown: Pixels = pixels
    try:
        return Frame(shown, int(answer.facts["tick"]), int(answer.facts["lasts"]))
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenMessageError from error


def _broken(name: str) -> VideoError:
    return VideoError(f"{name} cannot be read. Save it again as MP4.")
