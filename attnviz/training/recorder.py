"""Takes a snapshot of a network's attention on a fixed set of pictures, while it trains."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from attnviz.errors import TrainingError
from attnviz.training.attention import read_attention
from attnviz.training.recording import Recording, Snapshot
from attnviz.training.recording_size import kept_sizes, regridded


@dataclass
class AttentionRecorder:
    """Records every attention map of `probes` into the file at `path`.

    probes: float32 [pictures, 3, h, w], normalised as the network expects. The file is written anew
    at each snapshot, as a whole or not at all, so a killed run leaves a readable file. say: told
    in a sentence where an earlier file could not be gone on with.
    """

    path: Path
    probes: Tensor
    recording: Recording
    say: Callable[[str], None] | None = None

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
        device = next(module.parameters()).device
        seen = read_attention(module, self.probes.to(device))
        known = self._sizes()
        sizes = known if known.keys() == seen.maps.keys() else kept_sizes(seen.maps)
        snapshot = Snapshot(
            step,
            epoch,
            {key: regridded(maps, sizes[key]) for key, maps in seen.maps.items()},
            torch.softmax(seen.logits, 1).cpu().numpy(),
            accuracy=accuracy,
            loss=loss,
            numbers=dict(seen.numbers),
        )
        self.recording = self.recording.with_snapshot(snapshot)
        self.recording.save(self.path)

    def _sizes(self) -> dict[tuple[str, str], tuple[int, int]]:
        """The grids of the recording so far, by (method, layer)."""
        shots = self.recording.snapshots
        maps = shots[-1].maps if shots else {}
        return {key: (values.shape[1], values.shape[2]) for key, values in maps.items()}

    def resume(self, step: int) -> None:
        """Go on behind `step` with what the file holds.

        A file that cannot be read, or is of another run, is moved aside, never overwritten: the
        recording then begins anew at `step`.
        """
        if not self.path.exists():
            return
        held = self._held()
        if held is not None:
            self.recording = held.up_to(step)
            return
        aside = self.path.with_name(f"{self.path.stem}.set-aside{self.path.suffix}")
        self.path.replace(aside)
        if self.say is not None:
            self.say(
                f"{self.path.name} could not be read, or is of another run; it now lies in "
                f"{aside.name}, and the recording goes on from step {step}."
            )

    def _held(self) -> Recording | None:
        """The file's recording, if it is one of these pictures and classes."""
        try:
            held = Recording.load(self.path)
        except TrainingError:
            return None
        mine = self.recording
        return held if (held.classes, held.pictures) == (mine.classes, mine.pictures) else None


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
