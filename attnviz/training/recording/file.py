"""One file that holds how attention grew: maps of a fixed set of pictures at many checkpoints.

The file is a safetensors file, so anything that reads those reads it. Its tensors:

    maps/<method>/<layer>   float16 [checkpoints, pictures, h, w], on the layer's own grid
    steps                   int64 [checkpoints], optimiser steps done
    epochs                  float32 [checkpoints], the same as a fraction of epochs
    accuracy, loss          float32 [checkpoints], NaN where they were not measured
    probabilities           float16 [checkpoints, pictures, classes]
    numbers/<what>/<layer>  float32 [checkpoints, k], means over the pictures: "effect" of the block
                            [.., 1]; of self-attention "entropy" and "distance" [.., heads] and
                            "even-distance" [.., 1]; each may be missing
    pixels                  uint8 [pictures, h, w, 3], the pictures as the network saw them, or none

and its metadata, all text: `format` ("attnviz-recording"), `version`, `classes` (JSON list),
`pictures` (JSON list of names), `layers` (JSON list of [method, layer] pairs), `recipe` (JSON),
`versions`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from attnviz.errors import DivergedError, TrainingError
from attnviz.files import write_whole
from attnviz.training.recording.checks import (
    MOST_BYTES,
    MOST_CLASSES,
    MOST_PICTURES,
    check_kind,
    check_tensors,
    layer_keys,
    number_keys,
    refuse,
    texts,
)
from attnviz.training.recording.size import superfluous
from attnviz.types import AnyArray, Pixels

FORMAT = "attnviz-recording"
VERSION = "1"
LARGEST_HALF = float(np.finfo(np.float16).max)


@dataclass(frozen=True)
class Snapshot:
    """One checkpoint: `maps` has (method, layer) -> float [pictures, h, w].

    numbers: (what, layer) -> float [k], see `attnviz.training.recording.attention.Attention`.
    """

    step: int
    epoch: float
    maps: dict[tuple[str, str], AnyArray]
    probabilities: AnyArray
    accuracy: float = float("nan")
    loss: float = float("nan")
    numbers: dict[tuple[str, str], AnyArray] = field(default_factory=dict)


@dataclass(frozen=True)
class Recording:
    """All checkpoints of one run, in the order of training.

    classes, pictures: names. recipe: JSON, what was trained and how. pixels: uint8
    [pictures, h, w, 3], the pictures as the network saw them, or None where they can be had by name
    (`sample:` and the name of a sample photo).
    """

    classes: tuple[str, ...]
    pictures: tuple[str, ...]
    recipe: str = "{}"
    versions: str = ""
    snapshots: tuple[Snapshot, ...] = field(default=())
    pixels: Pixels | None = None

    def with_snapshot(self, snapshot: Snapshot) -> Recording:
        """The recording with one more checkpoint; those at or after its step are replaced.

        Of more than 80 checkpoints one that tells least is left out (`superfluous`).

        Raises TrainingError if it has other layers, or other grids, than those before it, and
        DivergedError if it is not finite: no reader would take the file. Numbers that the first
        checkpoint did not have are left out.
        """
        _check_finite(snapshot)
        kept = [old for old in self.snapshots if old.step < snapshot.step]
        if kept and _shapes(kept[-1]) != _shapes(snapshot):
            raise TrainingError(
                f"The recording has the layers {_listed(kept[-1])}, the network now has "
                f"{_listed(snapshot)}, or their maps have other sizes. Record into another file."
            )
        kept.append(snapshot)
        extra = superfluous([shot.step for shot in kept])
        if extra is not None:
            del kept[extra]
        return replace(self, snapshots=tuple(kept))

    def up_to(self, step: int) -> Recording:
        """The recording without the checkpoints after `step`."""
        kept = tuple(old for old in self.snapshots if old.step <= step)
        return replace(self, snapshots=kept)

    def save(self, path: Path) -> None:
        """Write the file; a kill in the middle leaves the previous one as it was.

        Raises TrainingError where nothing was recorded, or the file cannot be written.
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
        write_whole(path, lambda partial: save_file(tensors, partial, metadata=self._metadata()))

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
        """Read what `save` wrote; raises TrainingError, which calls the file `name`, otherwise."""
        path = Path(path)
        what = name or str(path)
        try:
            if path.stat().st_size > MOST_BYTES:
                raise refuse(what, f"it is larger than {MOST_BYTES / 1e6:.0f} MB")
            with safe_open(path, framework="numpy") as file:
                metadata = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (SafetensorError, OSError) as error:
            raise refuse(what, error) from error
        return cls._of(what, metadata, tensors)

    @classmethod
    def _of(
        cls, what: str, metadata: Mapping[str, str], tensors: Mapping[str, AnyArray]
    ) -> Recording:
        check_kind(what, metadata, FORMAT, VERSION)
        try:
            classes = texts(metadata, "classes", MOST_CLASSES)
            pictures = texts(metadata, "pictures", MOST_PICTURES)
            layers = layer_keys(metadata)
            check_tensors(tensors, layers, len(pictures), len(classes))
            numbers = number_keys(tensors)
        except (ValueError, KeyError, TypeError) as error:
            raise refuse(what, error) from error
        return cls(
            classes=classes,
            pictures=pictures,
            recipe=metadata.get("recipe", "{}"),
            versions=metadata.get("versions", ""),
            snapshots=_snapshots(tensors, layers, numbers),
            pixels=tensors.get("pixels"),
        )


def _check_finite(shot: Snapshot) -> None:
    parts = [(layer, values) for (_, layer), values in shot.maps.items()]
    parts.append(("the output", shot.probabilities))
    wrong = [name for name, values in parts if not np.isfinite(values).all()]
    if wrong:
        raise DivergedError(
            f"At step {shot.step} the network gives NaN or infinity, first in {wrong[0]}: the "
            "training has diverged. This checkpoint is not recorded, those before it stay."
        )


def _shapes(shot: Snapshot) -> dict[tuple[str, str], tuple[int, ...]]:
    return {key: values.shape for key, values in shot.maps.items()}


def _listed(shot: Snapshot) -> str:
    names = list(dict.fromkeys(layer for _, layer in shot.maps))
    return ", ".join(names[:4]) + (" ..." if len(names) > 4 else "")


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
