"""What the game's browser side receives of a round, and of its replay.

A blob (see `base.blob`) with the JPEGs ``blurred``, ``sharp``, and, where there is one, ``map``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from attnviz.export.jpeg import jpeg
from attnviz.types import Pixels
from attnviz.ui.components.base.blob import blob_header, content_id, pack_blob
from attnviz.ui.pages.you_and_the_model.limits import RoundLimit
from attnviz.ui.pages.you_and_the_model.texts import FINISHED, KEYS, TOO_FEW, limit_text, task_line
from attnviz.vision.bubbleview.bubbles import FEATHER, BubbleCentre, blur_picture, bubble_radius
from attnviz.vision.bubbleview.rounds import LEAST_CLICKS, Task


@dataclass(frozen=True)
class ReplaySide:
    """One side of a replay: its title, its colour, its bubbles in order.

    Attributes
    ----------
    probability
        Of the class with 0, 1 .. n bubbles open; empty if the network was not asked.
    """

    title: str
    colour: str
    places: tuple[BubbleCentre, ...]
    probability: tuple[float, ...] = ()


def pack_round(pixels: Pixels, task: Task, limit: RoundLimit, attempt: int) -> bytes:
    """What the browser needs for a round.

    The same arguments give the same bytes.

    Parameters
    ----------
    pixels
        uint8 [H, W, 3], the picture.
    task
        What the person is asked to do.
    limit
        When the round ends.
    attempt
        Number of the round; another number begins anew on the same picture.
    """
    header = {
        "task": task_line(task),
        "rule": limit_text(limit),
        "keys": KEYS,
        "over": FINISHED,
        "few": TOO_FEW,
        "asks": task is Task.TELL,
        "most": limit.clicks,
        "seconds": limit.seconds,
        "least": LEAST_CLICKS,
        "attempt": attempt,
    }
    return _packed(header, {"blurred": blur_picture(pixels), "sharp": pixels})


def pack_replay(
    pixels: Pixels, sides: Sequence[ReplaySide], label: str, heat: Pixels | None = None
) -> bytes:
    """What the browser needs to play a round back.

    Parameters
    ----------
    pixels
        uint8 [H, W, 3], the picture.
    sides
        One or two.
    label
        The class whose probability they give.
    heat
        uint8 [H, W, 3], the network's map over the picture, if there is one.
    """
    header = {
        "label": label,
        "map": "On the model's map",
        "sides": [
            {
                "title": side.title,
                "colour": side.colour,
                "places": [[round(place.y, 4), round(place.x, 4)] for place in side.places],
                "probability": [round(value, 4) for value in side.probability],
            }
            for side in sides
        ],
    }
    pictures = {"blurred": blur_picture(pixels), "sharp": pixels}
    return _packed(header, pictures if heat is None else {**pictures, "map": heat})


def blob_id(blob: bytes) -> str:
    """Return the id in a blob's header, which its round sends back."""
    return str(blob_header(blob)["id"])


def _packed(header: Mapping[str, Any], pictures: Mapping[str, Pixels]) -> bytes:
    height, width = pictures["sharp"].shape[:2]
    coded = {name: jpeg(pixels, 92) for name, pixels in pictures.items()}
    facts = {
        **header,
        "size": [height, width],
        "radius": bubble_radius((height, width)),
        "feather": FEATHER,
    }
    return pack_blob({"id": content_id(facts, coded), **facts}, coded)
