"""How surely a network knows a picture that it sees through more and more bubbles.

A picture is blurred all over, and opened bubble by bubble (`vision.bubbles`); after each the
network is asked again. So a person's choice of places, a map's, and chance are told apart in one
unit: the probability of the class. A blurred picture is unlike any that a network was trained on;
the order of the curves says more than their height.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from attnviz.evidence.scoring import VariantScores, score_variants
from attnviz.evidence.subject import Subject
from attnviz.pictures.geometry import PictureGeometry, resample
from attnviz.progress import Progress
from attnviz.types import FloatArray, Pixels
from attnviz.vision.bubbleview.bubbles import BubbleCentre, blur_picture, open_bubble


@dataclass(frozen=True, eq=False)
class RecognitionCurve:
    """What the network says with 0, 1, 2 .. n bubbles open: float32 [n + 1] each.

    Without a bubble it is what it says of the blurred picture.
    """

    probability: FloatArray
    margin: FloatArray


@dataclass(frozen=True, eq=False)
class Recognition:
    """Curves of several orders of places, and the ends between which they run.

    sharp: what the network says of the picture itself, as a curve of one point. target: the class.
    """

    sharp: RecognitionCurve
    curves: tuple[RecognitionCurve, ...]
    target: int


def recognise(
    subject: Subject,
    pixels: Pixels,
    geometry: PictureGeometry,
    paths: Sequence[Sequence[BubbleCentre]],
    progress: Progress | None = None,
) -> Recognition:
    """Ask about a picture through the bubbles of each path, all of a path's bubbles staying open.

    Args:
        subject: the network and the class.
        pixels: uint8 [H, W, 3], the picture that the network's input is taken from.
        geometry: how it is taken; its input size gives way to the subject's.
        paths: places in the order in which they are opened.
        progress: told how many pictures have been through; what it raises stops the work.

    Raises EvidenceError if an answer is not finite, MethodError for a class that is not there.
    """
    fitted = PictureGeometry(geometry.picture_size, geometry.box, subject.size)
    total = 2 + sum(len(path) for path in paths)
    inputs = _inputs(pixels, fitted, paths)
    found = score_variants(subject, _batches(subject, inputs), total, progress)
    curves, start = [], 2
    for path in paths:
        end = start + len(path)
        curves.append(_curve(found, [1, *range(start, end)]))
        start = end
    return Recognition(_curve(found, [0]), tuple(curves), subject.target)


def _curve(found: VariantScores, at: list[int]) -> RecognitionCurve:
    return RecognitionCurve(found.probability[at], found.margin[at])


def _inputs(
    pixels: Pixels, geometry: PictureGeometry, paths: Sequence[Sequence[BubbleCentre]]
) -> Iterator[Pixels]:
    """The picture sharp, blurred, and after each bubble of each path, as the network takes it."""
    soft = blur_picture(pixels)
    yield resample(pixels, geometry)
    yield resample(soft, geometry)
    for path in paths:
        shown = soft
        for place in path:
            shown = open_bubble(shown, pixels, place)
            yield resample(shown, geometry)


def _batches(subject: Subject, inputs: Iterator[Pixels]) -> Iterator[Tensor]:
    batch: list[Pixels] = []
    for one in inputs:
        batch.append(one)
        if len(batch) == subject.batch:
            yield subject.of(np.stack(batch))
            batch = []
    if batch:
        yield subject.of(np.stack(batch))
