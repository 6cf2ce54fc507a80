"""The fixed pictures whose attention a run records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from attnviz.errors import UnknownNameError
from attnviz.models.preprocess import Preprocess, pixels_to_tensor
from attnviz.pictures import list_samples, open_sample
from attnviz.training.data.data import ClassFolder, squashed
from attnviz.training.recording.size import shown_pixels
from attnviz.types import Pixels

COUNT = 16


@dataclass(frozen=True)
class Probes:
    """names: one for each picture. inputs: float32 [pictures, 3, side, side], normalised.

    pixels: uint8 [pictures, h, w, 3], 224 px at most, or None where the names say where they are.
    """

    names: tuple[str, ...]
    inputs: Tensor
    pixels: Pixels | None = None


def choose_probes(which: str, data: ClassFolder, preprocess: Preprocess) -> Probes:
    """`"samples"`: the sample photos; `"val"`: 16 validation pictures, spread over the classes."""
    side = preprocess.size
    if which == "samples":
        names = tuple(f"sample:{sample.name}" for sample in list_samples())
        pixels = [squashed(open_sample(sample.name).pixels, side) for sample in list_samples()]
    elif which == "val":
        part = data.validation.spread_sample(COUNT)
        pixels = [squashed(one, side) for one in part.pixels]
        names = tuple(
            f"validation {number}: {data.classes[label]}"
            for number, label in enumerate(part.labels)
        )
    else:
        raise UnknownNameError("set of probes", which, ("samples", "val"))
    stacked = np.stack(pixels)
    kept = shown_pixels(stacked) if which == "val" else None
    return Probes(names, preprocess.normalised(pixels_to_tensor(stacked)), kept)
