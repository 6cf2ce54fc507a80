"""How surely a network recognises a picture that is uncovered bubble by bubble.

A picture is blurred as a whole and uncovered bubble by bubble (`vision.bubbleview`); after each the
network is run. So a person's choice of positions, a map's, and chance are compared in one unit: the
probability of the class. A blurred picture is unlike any that a network was trained on; the order
of the curves says more than their height.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

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
    """The network's scores with 0, 1, 2 .. n bubbles open: float32 [n + 1] each.

    The first value is that of the blurred picture.
    """

    probability: FloatArray
    margin: FloatArray


@dataclass(frozen=True, eq=False)
class Recognition:
    """Recognition curves of several bubble sequences.

    Attributes
    ----------
    sharp : RecognitionCurve
        Scores of the sharp picture, a curve of one point.
    curves : tuple of RecognitionCurve
    target : int
        Index of the class.
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
    """Score a picture through the bubbles of each path; all bubbles of a path stay open.

    Parameters
    ----------
    subject : Subject
    pixels : uint8 [H, W, 3]
        The picture from which the network's input is taken.
    geometry : PictureGeometry
        How it is taken; the subject's size replaces its input size.
    paths : sequence of sequence of BubbleCentre
        Bubble centres in the order in which they are opened.
    progress : Progress, optional
        Called with the number of pictures scored; what it raises stops the work.

    Returns
    -------
    Recognition

    Raises
    ------
    EvidenceError
        If a score is not finite.
    UnknownClassError
        If the network has no such class.
    """
    input_geometry = replace(geometry, input_size=subject.size)
    total = 2 + sum(len(path) for path in paths)
    inputs = _inputs(pixels, input_geometry, paths)
    scores = score_variants(subject, _batches(subject, inputs), total, progress)
    curves, start = [], 2
    for path in paths:
        end = start + len(path)
        curves.append(_curve(scores, [1, *range(start, end)]))
        start = end
    return Recognition(_curve(scores, [0]), tuple(curves), subject.target)


def _curve(scores: VariantScores, indices: list[int]) -> RecognitionCurve:
    return RecognitionCurve(scores.probability[indices], scores.margin[indices])


def _inputs(
    pixels: Pixels, geometry: PictureGeometry, paths: Sequence[Sequence[BubbleCentre]]
) -> Iterator[Pixels]:
    """The picture sharp, blurred, and after each bubble of each path, at the input size."""
    blurred = blur_picture(pixels)
    yield resample(pixels, geometry)
    yield resample(blurred, geometry)
    for path in paths:
        uncovered = blurred
        for centre in path:
            uncovered = open_bubble(uncovered, pixels, centre)
            yield resample(uncovered, geometry)


def _batches(subject: Subject, inputs: Iterator[Pixels]) -> Iterator[Tensor]:
    batch: list[Pixels] = []
    for picture in inputs:
        batch.append(picture)
        if len(batch) == subject.batch_size:
            yield subject.prepare(np.stack(batch))
            batch = []
    if batch:
        yield subject.prepare(np.stack(batch))
