"""Takes a snapshot of a network's attention on a fixed set of pictures, while it trains."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from attnviz.errors import TrainingError
from attnviz.training.recording.attention import Attention, read_attention
from attnviz.training.recording.file import Recording, Snapshot
from attnviz.training.recording.size import kept_sizes, regridded
from attnviz.types import Pixels


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
        seen = self._read(module)
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

    def _read(self, module: nn.Module) -> Attention:
        device = next(module.parameters()).device
        return read_attention(module, self.probes.to(device))

    def _sizes(self) -> dict[tuple[str, str], tuple[int, int]]:
        """The grids of the recording so far, by (method, layer)."""
        shots = self.recording.snapshots
        maps = shots[-1].maps if shots else {}
        return {key: (values.shape[1], values.shape[2]) for key, values in maps.items()}

    def resume(self, module: nn.Module, step: int | None = None) -> None:
        """Go on with what the file holds of the attention of `module`, up to `step` or all of it.

        A file that cannot be read, or is of another run, is set aside as by `set_aside`: the
        recording then begins anew.
        """
        if not self.path.exists():
            return
        held = self._held(module)
        if isinstance(held, Recording):
            self.recording = held if step is None else held.up_to(step)
        else:
            self.set_aside(held)

    def begin_anew(self, module: nn.Module, first: int) -> None:
        """Begin where there is no checkpoint; a file that is there is set aside.

        Not so if it is of this very run, by its recipe too, and came no further than step `first`,
        where the first checkpoint is due: the run records the same once more, so nothing is lost,
        and one that diverges there each time leaves no file each time.
        """
        if not self.path.exists():
            return
        held = self._held(module)
        if not (
            isinstance(held, Recording)
            and held.recipe == self.recording.recipe
            and held.snapshots[-1].step <= first
        ):
            self.set_aside("has no checkpoint beside it")

    def set_aside(self, why: str) -> None:
        """Give the file, if there is one, a free name; it is never overwritten. Tells so.

        why: what is wrong with it, as what follows "it".
        """
        if not self.path.exists():
            return
        aside = self._free_name()
        self.path.replace(aside)
        if self.say is not None:
            self.say(
                f"{self.path.name} could not be gone on with: it {why}. It is kept as "
                f"{aside.name}, and a new recording begins here."
            )

    def _free_name(self) -> Path:
        for number in itertools.count(1):
            counted = "" if number == 1 else f"-{number}"
            name = f"{self.path.stem}.set-aside{counted}{self.path.suffix}"
            if not self.path.with_name(name).exists():
                break
        return self.path.with_name(name)

    def _held(self, module: nn.Module) -> Recording | str:
        """The file's recording, if it is one of these pictures, classes and layers, or why not."""
        try:
            held = Recording.load(self.path)
        except TrainingError:
            return "cannot be read"
        mine = self.recording
        named = (held.classes, held.pictures) == (mine.classes, mine.pictures)
        if not named or not _same_pixels(held.pixels, mine.pixels):
            return "is of another run, with other pictures or classes"
        seen = self._read(module).maps
        maps = held.snapshots[0].maps
        if maps.keys() != seen.keys():
            return "is of a network with other layers"
        if {key: values.shape[1:] for key, values in maps.items()} != kept_sizes(seen):
            return "is of inputs of another size"
        return held


def _same_pixels(one: Pixels | None, other: Pixels | None) -> bool:
    """Whether both hold the same pictures, or neither any; a step of rounding does not count."""
    if one is None or other is None:
        return one is other
    if one.shape != other.shape:
        return False
    return bool((np.abs(one.astype(np.int16) - other.astype(np.int16)) <= 1).all())


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
