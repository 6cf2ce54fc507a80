"""Job and state of a training."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.jobs.state import JobState, StoredJob
from attnviz.jobs.state import RunPhase as RunPhase


@dataclass(frozen=True)
class Job(StoredJob):
    """What to train: arguments of `train_and_export`.

    Attributes
    ----------
    recipe
        JSON of a `Recipe`.
    data
        Folder of class folders.
    size
        Input side in pixels once trained.
    device, half, probes
        As for `train_and_export`.
    minutes
        After so many minutes of training it is cancelled; 0: never.
    """

    recipe: str
    data: str
    size: int
    device: str = "auto"
    half: str = "auto"
    probes: str = "val"
    minutes: float = 0.0


@dataclass(frozen=True)
class RunState(JobState):
    """How far a training is, in optimiser steps, of which those with small pictures are quicker.

    Attributes
    ----------
    loss, accuracy
        Latest values; NaN until measured.
    scored
        Number of pictures that the accuracy is measured on; 0 if not known.
    chance
        Accuracy of always naming the most frequent class among them, 0..1.
    """

    loss: float = float("nan")
    accuracy: float = float("nan")
    scored: int = 0
    chance: float = 0.0
