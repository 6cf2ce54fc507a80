"""A recording's file is a stranger's until its parts fit together."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np

from attnviz.errors import TrainingError
from attnviz.types import AnyArray

MOST_BYTES = 64_000_000
MOST_PICTURES = 256
MOST_CLASSES = 100_000
MOST_LAYERS = 512
MOST_CHECKPOINTS = 4096
LONGEST_SIDE = 512
LONGEST_NAME = 200
MOST_HEADS = 1024
NUMBERS = ("effect", "entropy", "distance", "even-distance")


def texts(metadata: Mapping[str, str], key: str, most: int) -> tuple[str, ...]:
    """A JSON list of names, each cut to 200 characters; raises ValueError for anything else."""
    found = json.loads(metadata[key])
    if not isinstance(found, list) or not 1 <= len(found) <= most:
        raise ValueError(f"{key} is no list of 1 to {most} names")
    return tuple(str(one)[:LONGEST_NAME] for one in found)


def layer_keys(metadata: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The (method, layer) pairs; raises ValueError where they are none."""
    found = json.loads(metadata["layers"])
    pairs = [tuple(map(str, one)) for one in found if isinstance(one, list) and len(one) == 2]
    if (
        not isinstance(found, list)
        or len(pairs) != len(found)
        or not 1 <= len(pairs) <= MOST_LAYERS
    ):
        raise ValueError(f"layers is no list of 1 to {MOST_LAYERS} pairs of method and layer")
    return tuple((str(method), str(layer)) for method, layer in found)


def check_tensors(
    tensors: Mapping[str, AnyArray],
    layers: tuple[tuple[str, str], ...],
    pictures: int,
    classes: int,
) -> None:
    """Raises ValueError, with what is wrong, unless every tensor is there and fits."""
    steps = tensors["steps"]
    count = len(steps) if steps.ndim == 1 else 0
    if not 1 <= count <= MOST_CHECKPOINTS or not np.all(np.diff(steps.astype(np.int64)) > 0):
        raise ValueError(f"steps are not 1 to {MOST_CHECKPOINTS} rising numbers")
    for name in ("epochs", "accuracy", "loss"):
        if tensors[name].shape != (count,):
            raise ValueError(f"{name} has not one value for each checkpoint")
    if tensors["probabilities"].shape != (count, pictures, classes):
        raise ValueError("probabilities do not fit the pictures and classes")
    for method, layer in layers:
        maps = tensors[f"maps/{method}/{layer}"]
        fits = maps.ndim == 4 and maps.shape[:2] == (count, pictures)
        if not fits or not 1 <= min(maps.shape[2:]) <= max(maps.shape[2:]) <= LONGEST_SIDE:
            raise ValueError(f"the maps of {layer[:LONGEST_NAME]} do not fit the pictures")
        if not np.isfinite(maps.astype(np.float32)).all():
            raise ValueError(f"the maps of {layer[:LONGEST_NAME]} hold NaN or infinity")
    pixels = tensors.get("pixels")
    if pixels is not None and not (
        pixels.dtype == np.uint8
        and pixels.ndim == 4
        and len(pixels) == pictures
        and pixels.shape[3] == 3
        and 1 <= min(pixels.shape[1:3]) <= max(pixels.shape[1:3]) <= LONGEST_SIDE
    ):
        raise ValueError("pixels are not one picture, uint8 [h, w, 3], for each name")


def number_keys(tensors: Mapping[str, AnyArray]) -> tuple[tuple[str, str], ...]:
    """The (what, layer) pairs of the numbers in a recording; unknown ones are left alone.

    Raises ValueError for one that does not fit.
    """
    found = []
    for name, values in tensors.items():
        head, _, rest = name.partition("/")
        what, _, layer = rest.partition("/")
        if head != "numbers" or what not in NUMBERS:
            continue
        fits = values.ndim == 2 and len(values) == len(tensors["steps"]) and values.shape[1] >= 1
        if not fits or values.shape[1] > MOST_HEADS or values.dtype.kind != "f":
            raise ValueError(f"the {what} of {layer[:LONGEST_NAME]} does not fit the checkpoints")
        found.append((what, layer))
    return tuple(found)


def check_kind(what: str, metadata: Mapping[str, str], form: str, version: str) -> None:
    """Raises TrainingError unless the file says that it is a recording of this version."""
    if metadata.get("format") != form:
        raise TrainingError(
            f"{what} is no recording of a training. Give a file that attnviz.record, "
            '`python -m attnviz train` or the page "Training" has written.'
        )
    if metadata.get("version") != version:
        raise TrainingError(
            f"{what} is a recording of version {metadata.get('version', '?')[:20]}, and this "
            f"attnviz reads version {version}. Open it with the attnviz that wrote it, or record "
            "again."
        )


def refuse(what: str, reason: object) -> TrainingError:
    """The error for a file that is no recording."""
    return TrainingError(
        f"{what} cannot be read as a recording ({reason}). It may have been cut off, or come from "
        "another program: record again, or fetch the file again."
    )
