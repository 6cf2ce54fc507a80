"""The data that the game's browser side receives for a round and for its replay.

A blob (see `viewer.blob`) with the JPEGs ``blurred``, ``sharp``, and, where there is one, ``map``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from attnviz.pictures.jpeg import jpeg
from attnviz.types import Pixels
from attnviz.ui.pages.you_and_the_model.limits import RoundLimit
from attnviz.ui.pages.you_and_the_model.texts import FINISHED, KEYS, TOO_FEW, limit_text, task_line
from attnviz.viewer.blob import blob_header, content_id, pack_blob
from attnviz.vision.bubbleview.bubbles import FEATHER, BubbleCentre, blur_picture, bubble_radius
from attnviz.vision.bubbleview.rounds import LEAST_CLICKS, Task


@dataclass(frozen=True)
class ReplaySide:
    """One side of a replay.

    Attributes
    ----------
    title : str
        Name of the player.
    colour : str
        CSS colour.
    places : tuple of BubbleCentre
        Bubbles in the order in which they were opened.
    probability : tuple of float
        Probability of the class with 0, 1 .. n bubbles open; empty if it was not computed.
    """

    title: str
    colour: str
    places: tuple[BubbleCentre, ...]
    probability: tuple[float, ...] = ()


def pack_round(pixels: Pixels, task: Task, limit: RoundLimit, attempt: int) -> bytes:
    """Pack a round for the browser.

    Parameters
    ----------
    pixels : uint8 [H, W, 3]
        The picture.
    task : Task
        The person's task.
    limit : RoundLimit
        When the round ends.
    attempt : int
        Number of the round; a new number restarts the round on the same picture.

    Returns
    -------
    bytes
        The blob; deterministic.
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
    """Pack the replay of a round for the browser.

    Parameters
    ----------
    pixels : uint8 [H, W, 3]
        The picture.
    sides : sequence of ReplaySide
        One or two sides.
    label : str
        The class of the probabilities.
    heat : uint8 [H, W, 3], optional
        The network's map over the picture.

    Returns
    -------
    bytes
        The blob.
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
