"""The fixed probe pictures whose attention a run records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from attnviz.errors import UnknownNameError
from attnviz.models.preprocess import Preprocess, pixels_to_tensor
from attnviz.pictures import list_samples, open_sample
from attnviz.pictures.samples import SAMPLE_PREFIX
from attnviz.training.data.data import ClassFolder, squash
from attnviz.training.recording.size import stored_pictures
from attnviz.types import Pixels

COUNT = 16


@dataclass(frozen=True)
class ProbePictures:
    """Pictures whose attention a run records.

    Attributes
    ----------
    names
        One for each picture.
    inputs
        float32 [pictures, 3, side, side], normalised.
    pixels
        uint8 [pictures, h, w, 3], at most 224 px high and wide; None for sample photos, which are
        found by name.
    """

    names: tuple[str, ...]
    inputs: Tensor
    pixels: Pixels | None = None


def choose_probes(which: str, data: ClassFolder, preprocess: Preprocess) -> ProbePictures:
    """Prepare the probe pictures of a run.

    Parameters
    ----------
    which
        "samples" for the sample photos, "val" for 16 validation pictures, spread over the classes.
    data
        The data set.
    preprocess
        Makes inputs of pictures.

    Raises
    ------
    UnknownNameError
        `which` is neither.
    """
    side = preprocess.side
    if which == "samples":
        return sample_probes(preprocess)
    if which != "val":
        raise UnknownNameError("set of probe pictures", which, ("samples", "val"))
    part = data.validation.spread_sample(COUNT)
    stacked = np.stack([squash(picture, side) for picture in part.pixels])
    names = tuple(
        f"validation {number}: {data.classes[label]}" for number, label in enumerate(part.labels)
    )
    inputs = preprocess.normalised(pixels_to_tensor(stacked))
    return ProbePictures(names, inputs, stored_pictures(stacked))


def sample_probes(preprocess: Preprocess) -> ProbePictures:
    """Prepare the sample photos as probe pictures.

    Parameters
    ----------
    preprocess
        Makes inputs of pictures.
    """
    names = [sample.name for sample in list_samples()]
    pixels = np.stack([squash(open_sample(name).pixels, preprocess.side) for name in names])
    inputs = preprocess.normalised(pixels_to_tensor(pixels))
    return ProbePictures(tuple(SAMPLE_PREFIX + name for name in names), inputs)
