"""A network together with all that is needed to use it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from attnviz.models.preprocess import Preprocess
from attnviz.models.scores import ScoreKind, Scores
from attnviz.models.spec import ModelSpec, Source


@dataclass(eq=False, repr=False)
class VisionModel:
    """A network on its device, ready for pictures; compared by identity.

    It pickles, as its module does: with its weights, and with a lock of its own.

    Attributes
    ----------
    spec
        Its description.
    module
        Maps [N, C, h, w] to scores [N, classes].
    device
        Where it is.
    weights_sha256
        Of the weights' file, or of the weights themselves when a module was wrapped.
    scores
        How its output is read; None until a wrapped network first runs.
    notes
        Sentences for the user about what was inferred of a wrapped network.
    inferred
        Whether its preprocessing was inferred; then it changes if the network does not run on it.
    lock
        Held during a pass, so that threads do not read each other's maps.
    """

    spec: ModelSpec
    module: nn.Module
    device: torch.device
    weights_sha256: str
    scores: Scores | None = None
    notes: tuple[str, ...] = ()
    inferred: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        kind, given = self.spec.scores, (Source.USER, Source.BLACK_BOX)
        if self.scores is None and kind is not None and self.spec.source not in given:
            self.scores = Scores(kind, exclusive=kind is not ScoreKind.SIGMOID)

    def __repr__(self) -> str:
        """Say what it is and where, in a line."""
        return f"<VisionModel {self.name!r} on {self.device}: {self.spec.described()}>"

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, lock=threading.RLock())

    @property
    def name(self) -> str:
        """The network's name in the catalogue."""
        return self.spec.name

    @property
    def key(self) -> tuple[str, str, str, str]:
        """All that determines the result of a pass: name, device, weights, side of the input."""
        return self.name, str(self.device), self.weights_sha256, str(self.preprocess.size)

    @property
    def labels(self) -> tuple[str, ...]:
        """Name of each class, in order; may be empty."""
        return self.spec.labels

    @property
    def preprocess(self) -> Preprocess:
        """Preprocessing of the network's inputs."""
        return self.spec.preprocess

    def label(self, index: int) -> str:
        """Return the name of a class, or "class 17" if it has none; of features, "component 17"."""
        if 0 <= index < len(self.labels):
            return self.labels[index]
        named = self.has_classes or self.spec.outputs is not None
        return f"class {index}" if named else f"component {index}"

    def own_label(self, index: int) -> int | str:
        """Return what names a class: its label, or its index where no label is its own."""
        label = self.label(index)
        return label if self.labels.count(label) == 1 else index

    @property
    def has_classes(self) -> bool:
        """Whether it returns scores of classes, as far as is known before it first runs."""
        return self.read_as.has_classes

    @property
    def read_as(self) -> Scores:
        """How its output is read, as far as is known before it first runs."""
        return self.scores or Scores(self.spec.scores or ScoreKind.SOFTMAX)
