"""A file of a black box as an entry of a list of models, for those who do not write Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from attnviz.models.black_box.door import black_box
from attnviz.models.preprocess import HALF, Preprocess
from attnviz.models.spec import ModelSpec, WeightsRef


class Colours(StrEnum):
    """The values that a network's input has, of pictures, in words.

    Attributes
    ----------
    NORMALISED
        By ImageNet's mean and deviation.
    SHARES
        0 to 1.
    SIGNED
        -1 to 1.
    """

    NORMALISED = "normalised as for ImageNet"
    SHARES = "0 to 1"
    SIGNED = "-1 to 1"

    def of(self, preprocess: Preprocess) -> Preprocess:
        """Return a preprocessing for three channels with these values; others stay as they are."""
        if preprocess.channels != len(HALF) or self is Colours.NORMALISED:
            return preprocess
        if self is Colours.SHARES:
            return preprocess.unnormalised()
        return replace(preprocess, mean=HALF, std=HALF)


def black_box_file(
    path: Path,
    labels: Sequence[str] = (),
    side: int | None = None,
    colours: Colours = Colours.NORMALISED,
) -> ModelSpec:
    """Describe the black box in a file; `load_model` loads it as it is.

    Parameters
    ----------
    path
        As `black_box` takes it: an `.onnx` file, say.
    labels
        Name of each class, in order.
    side
        Side of its input in pixels; what the file says if None.
    colours
        What its input has in the place of colours.

    Returns
    -------
    ModelSpec
        Named as the file.

    Raises
    ------
    ModelError
        As `black_box`.
    """
    model = black_box(path, labels, input_size=side)
    spec = model.spec
    return replace(
        spec,
        embedded=True,
        weights=WeightsRef(
            path.name, embedded=path, sha256=model.weights_sha256, bytes=path.stat().st_size
        ),
        preprocess=colours.of(spec.preprocess),
        note=f"From {path.name}, whose layers cannot be observed: parts of the picture are hidden.",
    )
