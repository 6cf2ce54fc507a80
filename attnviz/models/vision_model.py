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
    """A network on its device, ready for pictures; compared by identity.

    Attributes
    ----------
    spec
        Its description.
    module
        Maps [N, 3, h, w] to logits [N, classes].
    device
        Where it is.
    weights_sha256
        Of the weights' file, or of the weights themselves when a module was wrapped.
    lock
        Held during a pass, so that threads do not read each other's maps.
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
        """Return the name of a class, or "class 17" if it has none."""
        if 0 <= index < len(self.labels):
            return self.labels[index]
        return f"class {index}"
