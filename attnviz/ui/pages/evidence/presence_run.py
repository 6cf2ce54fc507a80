"""The computation behind the section "Presence and absence"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from attnviz.evidence.faithfulness.confidence_drop import ConfidenceDrop, confidence_drop
from attnviz.evidence.faithfulness.insertion_deletion import (
    STEPS,
    variant_count,
    variants_at_shares,
)
from attnviz.evidence.faithfulness.verdict import CONTROLS, FaithfulnessTest, measure_faithfulness
from attnviz.evidence.fills.base import FILLS, Fill
from attnviz.evidence.run import run_experiment
from attnviz.evidence.subject import Subject
from attnviz.pictures.jpeg import jpeg
from attnviz.progress import Progress
from attnviz.ui.pages.evidence.map_under_test import MapUnderTest

ROUGH_STEPS = (5, 4, 3, 2)
SHARES = tuple(float(share) for share in np.linspace(0, 1, STEPS + 1))


@dataclass(frozen=True, eq=False)
class ModifiedPictures:
    """The network's inputs at each of `SHARES`, as JPEG: with regions removed, and put back."""

    away: tuple[bytes, ...]
    back: tuple[bytes, ...]


@dataclass(frozen=True, eq=False)
class PresenceResult:
    """A map's trials and pictures, by the name of the fill.

    Parameters
    ----------
    trials, pictures : mapping
        By the name of the fill.
    confidence : ConfidenceDrop
        Scores of the picture multiplied by the map.
    names : mapping of int to str
        Labels of the classes that come first anywhere, by class index.
    notes : tuple of str
        How the input was adapted.
    """

    trials: Mapping[str, FaithfulnessTest]
    pictures: Mapping[str, ModifiedPictures]
    confidence: ConfidenceDrop
    names: Mapping[int, str]
    notes: tuple[str, ...]

    @property
    def top_label(self) -> str:
        """The class that comes first on the unmodified picture."""
        trial = next(iter(self.trials.values()))
        return self.names[int(trial.curves.deletion.first[0])]


def picture_count(fills: int, steps: int = STEPS) -> int:
    """Count the pictures that the network classifies for a number of fills."""
    return fills * variant_count(2 + CONTROLS, steps)


def steps_within(seconds: float, whole: float, fills: int) -> int:
    """Return the number of equal steps of area that a rough answer may take.

    Parameters
    ----------
    seconds : float
        How long it may take.
    whole : float
        Seconds of the whole test.
    fills : int
        Number of fills.

    Returns
    -------
    int
        5, or fewer where that would take longer; 2 at least.

    Examples
    --------
    >>> steps_within(3.0, 5.0, 2), steps_within(3.0, 20.0, 2), steps_within(3.0, 900.0, 2)
    (5, 3, 2)
    """
    each = whole / picture_count(fills)
    fitting = [n for n in ROUGH_STEPS if each * picture_count(fills, n) <= seconds]
    return fitting[0] if fitting else ROUGH_STEPS[-1]


def compute_presence(
    tested: MapUnderTest, fills: Sequence[str], progress: Progress, *, steps: int = STEPS
) -> PresenceResult:
    """Run deletion and insertion under each fill.

    Parameters
    ----------
    tested : MapUnderTest
        The map whose order decides what is removed first.
    fills : sequence of str
        Names of fills.
    progress : Progress
        Told about every picture.
    steps : int
        Number of equal steps of area; the modified pictures are made for all of them only.

    Returns
    -------
    PresenceResult
        Trials, pictures and confidence.

    Raises
    ------
    EvidenceError
        If the map is flat, so that no position comes before another.
    """

    def work(
        subject: Subject,
    ) -> tuple[dict[str, FaithfulnessTest], dict[str, ModifiedPictures], ConfidenceDrop]:
        chosen = [FILLS.get(name)() for name in fills]
        trials = measure_faithfulness(
            subject, tested.values, chosen, steps=steps, progress=progress
        )
        pictures = {
            fill.name: _pictures(subject, tested, fill) for fill in chosen if steps == STEPS
        }
        return trials, pictures, confidence_drop(subject, tested.values)

    result, notes = run_experiment(tested.model, tested.photo.shown, work, tested.asked)
    trials, pictures, masked = result
    curves = [
        curve.first
        for trial in trials.values()
        for curve in (trial.curves.deletion, trial.curves.insertion)
    ]
    names = {int(index): tested.decision(int(index)) for index in np.unique(curves)}
    return PresenceResult(trials, pictures, masked, names, notes)


def _pictures(subject: Subject, tested: MapUnderTest, fill: Fill) -> ModifiedPictures:
    away, back = (
        subject.to_pixels(variants_at_shares(subject, tested.values, fill, SHARES, insert=back))
        for back in (False, True)
    )
    return ModifiedPictures(tuple(map(jpeg, away)), tuple(map(jpeg, back)))
