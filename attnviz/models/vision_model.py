"""A network together with all that is needed to use it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import torch
from torch import nn

from attnviz.models.preprocess import Preprocess
from attnviz.models.spec import ModelSpec


@dataclass(eq=False)
class VisionModel:
    """A network on its device, ready for pictures; two are equal only if they are the same one.

    module: maps [N, 3, h, w] to logits [N, classes]. weights_sha256: of the file that its weights
    came from, or of the weights themselves as they were when a module was wrapped.
    lock: held during a pass, so that two threads never see each other's maps.
    """

    spec: ModelSpec
    module: nn.Module = field(repr=False)
    device: torch.device
    weights_sha256: str
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @property
    def name(self) -> str:
        """The network's name in the catalogue."""
        return self.spec.name

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What decides all that a pass gives: name, device, weights, side of the input."""
        return self.name, str(self.device), self.weights_sha256, str(self.preprocess.size)

    @property
    def labels(self) -> tuple[str, ...]:
        """A name for each class, in order; may be empty."""
        return self.spec.labels

    @property
    def preprocess(self) -> Preprocess:
        """How the network wants its pictures."""
        return self.spec.preprocess

    def label(self, index: int) -> str:
        """The name of class `index`, or "class 17" where it has none."""
        if 0 <= index < len(self.labels):
            return self.labels[index]
        return f"class {index}"
