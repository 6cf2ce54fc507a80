"""Takes a snapshot of a network's attention on a fixed set of pictures, while it trains."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from attnviz.training.attention import read_attention
from attnviz.training.recording import Recording, Snapshot
from attnviz.training.recording_checks import Array


@dataclass
class AttentionRecorder:
    """Records every attention map of `probes` into the file at `path`.

    probes: float32 [pictures, 3, h, w], normalised as the network expects. The file is written anew
    at each snapshot, as a whole or not at all, so a killed run leaves a readable file.
    """

    path: Path
    probes: Tensor
    recording: Recording

    def record(
        self,
        module: nn.Module,
        *,
        step: int,
        epoch: float,
        accuracy: float = math.nan,
        loss: float = math.nan,
    ) -> None:
        """Add one checkpoint; later ones that the file already had are dropped."""
        snapshot = Snapshot(step, epoch, *_read(module, self.probes), accuracy=accuracy, loss=loss)
        self.recording = self.recording.with_snapshot(snapshot)
        self.recording.save(self.path)

    def resume(self, step: int) -> None:
        """Go on behind `step` with what the file holds."""
        if self.path.exists():
            self.recording = Recording.load(self.path).up_to(step)


def _read(module: nn.Module, probes: Tensor) -> tuple[dict[tuple[str, str], Array], Array]:
    """Maps by (method, layer), and probabilities [pictures, classes]."""
    device = next(module.parameters()).device
    maps, logits = read_attention(module, probes.to(device))
    return dict(maps), torch.softmax(logits, 1).cpu().numpy()


def snapshot_steps(steps_per_epoch: int, epochs: int, most: int = 40) -> tuple[int, ...]:
    """The optimiser steps at which to record, at most `most`, dense at first.

    Step 0, then 10, 30, 100, ... inside the first epoch, where most changes happen, then whole
    epochs: each of them while the count allows, else spaced evenly in their logarithm; always the
    last one.
    """
    inside: Iterable[int] = (factor * 10**power for power in range(1, 8) for factor in (1, 3))
    first = [0, *(step for step in inside if step < steps_per_epoch)][: most // 2]
    left = most - len(first)
    if epochs <= left:
        whole = set(range(1, epochs + 1))
    else:
        whole = {round(math.exp(x)) for x in np.linspace(0, math.log(epochs), left)}
    return tuple(first) + tuple(epoch * steps_per_epoch for epoch in sorted(whole | {epochs}))
