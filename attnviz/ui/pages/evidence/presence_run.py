"""The work behind the section "Presence and absence", and what is kept of it."""

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
from attnviz.export.jpeg import jpeg
from attnviz.progress import Progress
from attnviz.ui.pages.evidence.map_under_test import MapUnderTest

SHARES = tuple(float(share) for share in np.linspace(0, 1, STEPS + 1))


@dataclass(frozen=True, eq=False)
class ModifiedPictures:
    """What the network was given at each of `SHARES`, as JPEG: places taken away, and put back."""

    away: tuple[bytes, ...]
    back: tuple[bytes, ...]


@dataclass(frozen=True, eq=False)
class PresenceResult:
    """A map's trials and its pictures, by the name of the fill.

    confidence: of the picture times the map. names: of the classes that came first anywhere, by
    index. notes: what had to be changed for it.
    """

    trials: Mapping[str, FaithfulnessTest]
    pictures: Mapping[str, ModifiedPictures]
    confidence: ConfidenceDrop
    names: Mapping[int, str]
    notes: tuple[str, ...]

    @property
    def named(self) -> str:
        """The class that comes first on the whole picture."""
        trial = next(iter(self.trials.values()))
        return self.names[int(trial.curves.deletion.first[0])]


def picture_count(fills: int) -> int:
    """How many pictures the network is asked about under so many fills."""
    return fills * variant_count(2 + CONTROLS, STEPS)


def compute_presence(
    asked: MapUnderTest, fills: Sequence[str], progress: Progress
) -> PresenceResult:
    """Put the map to the test under each fill, and keep the pictures that it made."""

    def work(
        subject: Subject,
    ) -> tuple[dict[str, FaithfulnessTest], dict[str, ModifiedPictures], ConfidenceDrop]:
        chosen = [FILLS.get(name)() for name in fills]
        trials = measure_faithfulness(subject, asked.values, chosen, progress=progress)
        pictures = {fill.name: _pictures(subject, asked, fill) for fill in chosen}
        return trials, pictures, confidence_drop(subject, asked.values)

    found, notes = run_experiment(asked.model, asked.photo.shown, work, asked.target_index)
    trials, pictures, left = found
    curves = [
        curve.first
        for trial in trials.values()
        for curve in (trial.curves.deletion, trial.curves.insertion)
    ]
    names = {int(index): asked.model.label(int(index)) for index in np.unique(curves)}
    return PresenceResult(trials, pictures, left, names, notes)


def _pictures(subject: Subject, asked: MapUnderTest, fill: Fill) -> ModifiedPictures:
    away, back = (
        subject.to_pixels(variants_at_shares(subject, asked.values, fill, SHARES, insert=back))
        for back in (False, True)
    )
    return ModifiedPictures(tuple(map(jpeg, away)), tuple(map(jpeg, back)))
