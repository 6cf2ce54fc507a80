"""The recording of a training: attention maps of fixed pictures at many checkpoints, as one file.

It is a safetensors file with the tensors

    maps/<method>/<layer>   float16 [checkpoints, pictures, h, w], on the layer's own grid
    steps                   int64 [checkpoints], optimiser steps done
    epochs                  float32 [checkpoints], the same as a fraction of epochs
    accuracy, loss          float32 [checkpoints], NaN where they were not measured
    probabilities           float16 [checkpoints, pictures, classes]
    numbers/<what>/<layer>  float32 [checkpoints, k], means over the pictures: "effect" of the block
                            [.., 1]; of self-attention "entropy" and "distance" [.., heads] and
                            "even-distance" [.., 1]; all optional
    pixels                  uint8 [pictures, h, w, 3], the pictures as the network saw them;
                            optional

and its metadata, all text: `format` ("attnviz-recording"), `version`, `classes` (JSON list),
`pictures` (JSON list of names), `layers` (JSON list of [method, layer] pairs), `recipe` (JSON),
`versions`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from attnviz.errors import TrainingError
from attnviz.files import write_atomically
from attnviz.training.recording.checks import (
    MOST_BYTES,
    MOST_CLASSES,
    MOST_PICTURES,
    MOST_TENSORS,
    check_kind,
    check_tensors,
    layer_keys,
    number_keys,
    read_names,
    unreadable,
)
from attnviz.training.recording.size import redundant_checkpoint
from attnviz.training.recording.snapshot import Snapshot as Snapshot
from attnviz.training.recording.snapshot import check_finite, layer_list, shapes
from attnviz.types import AnyArray, Pixels
from attnviz.untrusted.values import UNREADABLE

if TYPE_CHECKING:
    from attnviz.export.paper_figure import PaperFigure

FORMAT = "attnviz-recording"
VERSION = "1"
LARGEST_HALF = float(np.finfo(np.float16).max)


@dataclass(frozen=True, eq=False, repr=False)
class Recording:
    """All snapshots of one run, in the order of training.

    Attributes
    ----------
    classes
        Class names.
    pictures
        Names of the probe pictures.
    recipe
        JSON: what was trained and how.
    versions
        JSON: versions of attnviz and its libraries.
    snapshots
        In rising order of their steps.
    pixels
        uint8 [pictures, h, w, 3], the pictures as the network saw them; None where they can be
        found by name (`sample:` and the name of a sample photo).
    """

    classes: tuple[str, ...]
    pictures: tuple[str, ...]
    recipe: str = "{}"
    versions: str = ""
    snapshots: tuple[Snapshot, ...] = field(default=())
    pixels: Pixels | None = None

    def __repr__(self) -> str:
        """Say what was recorded, in a line."""
        shots = self.snapshots
        when = f", epochs {shots[0].epoch:g} to {shots[-1].epoch:g}" if shots else ""
        pictures = "1 picture" if len(self.pictures) == 1 else f"{len(self.pictures)} pictures"
        return f"<Recording of {pictures} at {len(shots)} checkpoints{when}>"

    def _repr_png_(self) -> bytes | None:
        """Show in a notebook how the attention to the first picture came about."""
        # Only a notebook draws: readers of recordings need neither colours nor a video library.
        from attnviz.training.recording.picture import recording_png

        return recording_png(self)

    def plot(
        self,
        picture: int | str = 0,
        layers: Sequence[str] = (),
        method: str | None = None,
        checkpoints: int = 5,
    ) -> PaperFigure:
        """Draw with matplotlib how the maps of a picture came about, over accuracy and loss.

        Parameters
        ----------
        picture
            Index or name of a recorded picture.
        layers
            Names of layers (default: up to four, evenly spaced).
        method
            Name of a recorded method (default: the last one recorded, which for masks is their
            effect).
        checkpoints
            How many are drawn at most, evenly spaced from the first to the last.

        Returns
        -------
        matplotlib.figure.Figure
            A row for each layer, in which all checkpoints share one scale of absolute values.

        Raises
        ------
        TrainingError
            Nothing was recorded.
        UnknownNameError
            There is no such picture, layer or method.
        """
        # Readers of recordings need no matplotlib, which takes a second to import.
        from attnviz.training.recording.figure import recording_figure

        return recording_figure(self, picture, tuple(layers), method, checkpoints)

    def with_snapshot(self, snapshot: Snapshot) -> Recording:
        """The recording with one more snapshot; those at or after its step are replaced.

        Beyond 80 snapshots the most redundant one is dropped (`redundant_checkpoint`). Numbers that
        the first snapshot did not have are dropped, too.

        Parameters
        ----------
        snapshot
            Its maps must have the layers and grids of those before it.

        Raises
        ------
        TrainingError
            It has other layers or grids.
        DivergedError
            It holds NaN or infinity.
        """
        check_finite(snapshot)
        shots = [old for old in self.snapshots if old.step < snapshot.step]
        if shots and shapes(shots[-1]) != shapes(snapshot):
            raise TrainingError(
                f"The recording has the layers {layer_list(shots[-1])}, the network now has "
                f"{layer_list(snapshot)}, or their maps have other sizes. Record "
                "into another file."
            )
        shots.append(snapshot)
        redundant = redundant_checkpoint([shot.step for shot in shots])
        if redundant is not None:
            del shots[redundant]
        return replace(self, snapshots=tuple(shots))

    def up_to(self, step: int) -> Recording:
        """The recording without the snapshots after `step`."""
        return replace(self, snapshots=tuple(s for s in self.snapshots if s.step <= step))

    def save(self, path: Path) -> None:
        """Write the file atomically.

        Parameters
        ----------
        path
            The file.

        Raises
        ------
        TrainingError
            Nothing was recorded, or the file cannot be written.
        """
        if not self.snapshots:
            raise TrainingError(f"There is nothing to write to {path}: no checkpoint was recorded.")
        tensors = {
            f"maps/{method}/{layer}": _half([shot.maps[method, layer] for shot in self.snapshots])
            for method, layer in self.snapshots[0].maps
        }
        tensors["probabilities"] = _half([shot.probabilities for shot in self.snapshots])
        tensors["steps"] = np.asarray([shot.step for shot in self.snapshots], np.int64)
        for name in ("epoch", "accuracy", "loss"):
            values = [getattr(shot, name) for shot in self.snapshots]
            tensors["epochs" if name == "epoch" else name] = np.asarray(values, np.float32)
        if self.pixels is not None:
            tensors["pixels"] = np.ascontiguousarray(self.pixels)
        for what, layer in self.snapshots[0].numbers:
            values = [shot.numbers[what, layer] for shot in self.snapshots]
            tensors[f"numbers/{what}/{layer}"] = np.stack(values).astype(np.float32)
        write_atomically(
            path, lambda partial: save_file(tensors, partial, metadata=self._metadata())
        )

    def _metadata(self) -> dict[str, str]:
        return {
            "format": FORMAT,
            "version": VERSION,
            "classes": json.dumps(self.classes),
            "pictures": json.dumps(self.pictures),
            "layers": json.dumps(list(self.snapshots[0].maps)),
            "recipe": self.recipe,
            "versions": self.versions,
        }

    @classmethod
    def load(cls, path: Path | str, name: str = "") -> Recording:
        """Read a recording.

        Parameters
        ----------
        path
            The file.
        name
            What error messages call it; the path if empty.

        Raises
        ------
        TrainingError
            The file is missing, damaged or not a recording.
        """
        path = Path(path)
        what = name or str(path)
        try:
            if path.stat().st_size > MOST_BYTES:
                raise ValueError(f"it is larger than {MOST_BYTES / 1e6:.0f} MB")
            with safe_open(path, framework="numpy") as file:
                metadata = file.metadata() or {}
                if len(file.keys()) > MOST_TENSORS:
                    raise ValueError(f"it has more than {MOST_TENSORS:,} tensors")
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (SafetensorError, OSError, *UNREADABLE) as error:
            raise unreadable(what, error) from error  # TypeError: numbers that NumPy has not
        return cls._of(what, metadata, tensors)

    @classmethod
    def _of(
        cls, what: str, metadata: Mapping[str, str], tensors: Mapping[str, AnyArray]
    ) -> Recording:
        check_kind(what, metadata, FORMAT, VERSION)
        try:
            classes = read_names(metadata, "classes", MOST_CLASSES)
            pictures = read_names(metadata, "pictures", MOST_PICTURES)
            layers = layer_keys(metadata)
            check_tensors(tensors, layers, len(pictures), len(classes))
            numbers = number_keys(tensors)
        except UNREADABLE as error:
            raise unreadable(what, error) from error
        return cls(
            classes=classes,
            pictures=pictures,
            recipe=metadata.get("recipe", "{}"),
            versions=metadata.get("versions", ""),
            snapshots=_snapshots(tensors, layers, numbers),
            pixels=tensors.get("pixels"),
        )


def _half(values: list[AnyArray]) -> AnyArray:
    return np.stack(values).clip(-LARGEST_HALF, LARGEST_HALF).astype(np.float16)


def _snapshots(
    tensors: Mapping[str, AnyArray],
    keys: tuple[tuple[str, str], ...],
    numbers: tuple[tuple[str, str], ...],
) -> tuple[Snapshot, ...]:
    return tuple(
        Snapshot(
            step=int(step),
            epoch=float(tensors["epochs"][index]),
            maps={(m, layer): tensors[f"maps/{m}/{layer}"][index] for m, layer in keys},
            probabilities=tensors["probabilities"][index],
            accuracy=float(tensors["accuracy"][index]),
            loss=float(tensors["loss"][index]),
            numbers={(what, n): tensors[f"numbers/{what}/{n}"][index] for what, n in numbers},
        )
        for index, step in enumerate(tensors["steps"])
    )
