"""A round of BubbleView as a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnviz.export.base import EXPORTS, Export, Group
from attnviz.vision.bubbleview.rounds import Round
from attnviz.vision.bubbleview.stored_rounds import PlayedPicture, as_json, now


@dataclass(frozen=True)
class RoundOfPicture:
    """What a person clicked, and in which picture.

    Attributes
    ----------
    picture : PlayedPicture
        Name, checksum and size of the picture.
    played : Round
        The clicks.
    """

    picture: PlayedPicture
    played: Round


@EXPORTS.add
@dataclass(frozen=True)
class RoundFile(Export[RoundOfPicture]):
    """JSON with where and when you clicked, and the picture's checksum, but not the picture."""

    name: ClassVar[str] = "round"
    title: ClassVar[str] = "Your round"
    suffix: ClassVar[str] = ".json"
    mime: ClassVar[str] = "application/json"
    group: ClassVar[Group] = Group.NUMBERS
    made_of: ClassVar[tuple[type, ...]] = (RoundOfPicture,)
    per_layer: ClassVar[bool] = False

    def write(self, source: RoundOfPicture) -> bytes:
        """See `Export`."""
        return as_json(source.picture, source.played, now())
