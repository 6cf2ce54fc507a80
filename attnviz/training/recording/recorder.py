"""Recording snapshots of a network's attention on fixed pictures while it trains."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor, nn

from attnviz.errors import TrainingError
from attnviz.models.scores import PLAIN_LOGITS, Scores
from attnviz.training.recording.attention import RecordedAttention, read_attention
from attnviz.training.recording.file import Recording, Snapshot
from attnviz.training.recording.size import resize_maps, stored_sizes
from attnviz.types import Pixels


@dataclass
class AttentionRecorder:
    """Records every attention map of the probe pictures into one file.

    The file is written atomically at each snapshot, so a killed run leaves a readable file.

    Attributes
    ----------
    path
        The recording's file.
    probes
        float32 [pictures, 3, h, w], normalised as the network expects.
    recording
        Snapshots so far.
    notify
        Called with a message where an earlier file could not be resumed.
    scores
        How the network's output is read.
    method, targets
        Whose maps are recorded, and of which classes; see `read_attention`.
    """

    path: Path
    probes: Tensor
    recording: Recording
    notify: Callable[[str], None] | None = None
    scores: Scores = PLAIN_LOGITS
    method: str | None = None
    targets: Tensor | None = None

    def record(
        self,
        module: nn.Module,
        *,
        step: int,
        epoch: float,
        accuracy: float = math.nan,
        loss: float = math.nan,
    ) -> None:
        """Add a snapshot; later ones that the file already had are dropped.

        Parameters
        ----------
        module
            The network as it is now.
        step, epoch
            Training progress: optimiser steps and epochs done.
        accuracy, loss
            Stored with the snapshot; NaN where not measured.
        """
        attention = self._read(module)
        known = self._sizes()
        sizes = known if known.keys() == attention.maps.keys() else stored_sizes(attention.maps)
        snapshot = Snapshot(
            step,
            epoch,
            {key: resize_maps(maps, sizes[key]) for key, maps in attention.maps.items()},
            self.scores.probabilities(attention.logits).cpu().numpy(),
            accuracy=accuracy,
            loss=loss,
            numbers=dict(attention.numbers),
        )
        self.recording = self.recording.with_snapshot(snapshot)
        self.recording.save(self.path)

    def _read(self, module: nn.Module) -> RecordedAttention:
        device = next(module.parameters()).device
        targets = None if self.targets is None else self.targets.to(device)
        probes = self.probes.to(device)
        return read_attention(module, probes, self.scores, self.method, targets)

    def _sizes(self) -> dict[tuple[str, str], tuple[int, int]]:
        """The grids of the recording so far, by (method, layer)."""
        shots = self.recording.snapshots
        maps = shots[-1].maps if shots else {}
        return {key: (values.shape[1], values.shape[2]) for key, values in maps.items()}

    def resume(self, module: nn.Module, step: int | None = None) -> None:
        """Continue the recording in the file up to `step`, or all of it if None.

        A file that cannot be read, or is of another run, is renamed (`move_aside`) and a new
        recording starts.

        Parameters
        ----------
        module
            The network, to compare its layers with the file's.
        step
            Optimiser steps done.
        """
        if not self.path.exists():
            return
        stored = self._matching_recording(module)
        if isinstance(stored, Recording):
            self.recording = stored if step is None else stored.up_to(step)
        else:
            self.move_aside(stored)

    def start_over(self, module: nn.Module, first: int) -> None:
        """Start a recording for a run without a checkpoint; an existing file is renamed.

        Except if it is of this very run, by its recipe too, and ends at step `first` or before,
        where the first checkpoint is due: the run then records the same again, nothing is lost, and
        a run that keeps diverging there does not leave a file each time.

        Parameters
        ----------
        module
            The network, to compare its layers with the file's.
        first
            Optimiser step of the first checkpoint.
        """
        if not self.path.exists():
            return
        stored = self._matching_recording(module)
        if not (
            isinstance(stored, Recording)
            and stored.recipe == self.recording.recipe
            and stored.snapshots[-1].step <= first
        ):
            self.move_aside("has no checkpoint beside it")

    def move_aside(self, reason: str) -> None:
        """Rename the file, if there is one, to a free name, and notify the user.

        Parameters
        ----------
        reason
            What is wrong with the file, as the predicate of "it".
        """
        if not self.path.exists():
            return
        aside = self._free_name()
        self.path.replace(aside)
        if self.notify is not None:
            self.notify(
                f"{self.path.name} could not be resumed: it {reason}. It is kept as "
                f"{aside.name}, and a new recording starts here."
            )

    def _free_name(self) -> Path:
        for number in itertools.count(1):
            counted = "" if number == 1 else f"-{number}"
            name = f"{self.path.stem}.set-aside{counted}{self.path.suffix}"
            if not self.path.with_name(name).exists():
                break
        return self.path.with_name(name)

    def _matching_recording(self, module: nn.Module) -> Recording | str:
        """The file's recording if its pictures, classes and layers match, else what is wrong."""
        try:
            stored = Recording.load(self.path)
        except TrainingError:
            return "cannot be read"
        own = self.recording
        same_names = (stored.classes, stored.pictures) == (own.classes, own.pictures)
        if not same_names or not _same_pixels(stored.pixels, own.pixels):
            return "is of another run, with other pictures or classes"
        current = self._read(module).maps
        maps = stored.snapshots[0].maps
        if maps.keys() != current.keys():
            return "is of a network with other layers"
        if {key: values.shape[1:] for key, values in maps.items()} != stored_sizes(current):
            return "is of inputs of another size"
        return stored


def _same_pixels(first: Pixels | None, second: Pixels | None) -> bool:
    """Whether both are the same pictures up to a rounding step, or both None."""
    if first is None or second is None:
        return first is second
    if first.shape != second.shape:
        return False
    return bool((np.abs(first.astype(np.int16) - second.astype(np.int16)) <= 1).all())


def snapshot_steps(steps_per_epoch: int, epochs: int, most: int = 40) -> tuple[int, ...]:
    """The optimiser steps at which to record, dense at first.

    Step 0, then 10, 30, 100, ... within the first epoch, where most changes happen, then every
    epoch while the count allows, else epochs spaced evenly in their logarithm; always the last one.

    Parameters
    ----------
    steps_per_epoch
        Optimiser steps in an epoch.
    epochs
        Epochs of the training.
    most
        Largest number of snapshots.

    Returns
    -------
    tuple[int, ...]
        Rising step numbers.
    """
    early: Iterable[int] = (factor * 10**power for power in range(1, 8) for factor in (1, 3))
    first = [0, *(step for step in early if step < steps_per_epoch)][: most // 2]
    left = most - len(first)
    if epochs <= left:
        later = set(range(1, epochs + 1))
    else:
        later = {round(math.exp(x)) for x in np.linspace(0, math.log(epochs), left)}
    return tuple(first) + tuple(epoch * steps_per_epoch for epoch in sorted(later | {epochs}))
