"""Checks of an untrusted recording file before it is used."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from attnviz.errors import TrainingError
from attnviz.methods.base import METHODS
from attnviz.types import AnyArray
from attnviz.untrusted.values import checked_list, checked_text, parse_json, reason_of

MOST_BYTES = 64_000_000
MOST_PICTURES = 256
MOST_CLASSES = 100_000
MOST_LAYERS = 512
MOST_CHECKPOINTS = 4096
LONGEST_SIDE = 512
LONGEST_NAME = 200
MOST_HEADS = 1024
MOST_TENSORS = 8192
NUMBERS = ("effect", "entropy", "distance", "even-distance")


def read_names(metadata: Mapping[str, str], key: str, most: int) -> tuple[str, ...]:
    """Read a JSON list of names, each plain text and cut to 200 characters.

    Parameters
    ----------
    metadata
        The file's metadata.
    key
        Name of the entry.
    most
        Largest number of names.

    Raises
    ------
    ValueError
        The entry is not a list of 1 to `most` names.
    """
    names = checked_list(parse_json(metadata[key]), most, key)
    if not names:
        raise ValueError(f"{key} is not a list of 1 to {most} names")
    return tuple(checked_text(str(name), "a name", LONGEST_NAME) or "?" for name in names)


def layer_keys(metadata: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Read the (method, layer) pairs; raises ValueError if there are none that can be shown."""
    entries = checked_list(parse_json(metadata["layers"]), MOST_LAYERS, "layers")
    pairs = [tuple(pair) for pair in entries if isinstance(pair, list) and len(pair) == 2]
    named = [(m, n) for m, n in pairs if isinstance(m, str) and isinstance(n, str)]
    if not named or len(named) < len(entries) or len(set(named)) < len(named):
        raise ValueError(f"layers is not a list of 1 to {MOST_LAYERS} pairs of method and layer")
    if any(checked_text(name, most=LONGEST_NAME) != name for pair in named for name in pair):
        raise ValueError("the name of a layer is too long, or holds hidden characters")
    if not any(method in METHODS for method, _ in named):
        raise ValueError(f"its method {named[0][0][:80]!r} is not known")
    return tuple(named)


def check_tensors(
    tensors: Mapping[str, AnyArray],
    layers: tuple[tuple[str, str], ...],
    pictures: int,
    classes: int,
) -> None:
    """Check that every tensor of a recording is there and has the right shape.

    Parameters
    ----------
    tensors
        The file's tensors.
    layers
        (method, layer) pairs.
    pictures, classes
        Numbers of pictures and classes.

    Raises
    ------
    ValueError
        A tensor is missing, has the wrong shape or holds NaN; the text says which.
    """
    steps = tensors["steps"]
    count = len(steps) if steps.ndim == 1 else 0
    rising = steps.dtype.kind in "iu" and np.all(np.diff(steps.astype(np.int64)) > 0)
    if not 1 <= count <= MOST_CHECKPOINTS or not rising:
        raise ValueError(f"steps are not 1 to {MOST_CHECKPOINTS} rising numbers")
    for name in ("epochs", "accuracy", "loss"):
        if tensors[name].shape != (count,) or tensors[name].dtype.kind != "f":
            raise ValueError(f"{name} has not one value for each checkpoint")
        if np.isinf(tensors[name]).any():
            raise ValueError(f"{name} holds infinity")
    if not np.isfinite(tensors["epochs"]).all():  # accuracy and loss may not be known
        raise ValueError("epochs hold NaN or infinity")
    probabilities = tensors["probabilities"]
    if probabilities.shape != (count, pictures, classes) or probabilities.dtype.kind != "f":
        raise ValueError("probabilities do not fit the pictures and classes")
    if not np.isfinite(probabilities).all():
        raise ValueError("probabilities hold NaN or infinity")
    for method, layer in layers:
        maps = tensors[f"maps/{method}/{layer}"]
        fits = maps.ndim == 4 and maps.shape[:2] == (count, pictures) and maps.dtype.kind == "f"
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
    """The (quantity, layer) pairs of the numbers in a recording; unknown quantities are ignored.

    Parameters
    ----------
    tensors
        The file's tensors.

    Raises
    ------
    ValueError
        An array has the wrong shape or type.
    """
    keys = []
    for name, values in tensors.items():
        head, _, rest = name.partition("/")
        what, _, layer = rest.partition("/")
        if head != "numbers" or what not in NUMBERS:
            continue
        fits = values.ndim == 2 and len(values) == len(tensors["steps"]) and values.shape[1] >= 1
        if not fits or values.shape[1] > MOST_HEADS or values.dtype.kind != "f":
            raise ValueError(f"the {what} of {layer[:LONGEST_NAME]} does not fit the checkpoints")
        if np.isinf(values).any():
            raise ValueError(f"the {what} of {layer[:LONGEST_NAME]} holds infinity")
        keys.append((what, layer))
    return tuple(keys)


def check_kind(what: str, metadata: Mapping[str, str], form: str, version: str) -> None:
    """Check that the file says that it is a recording of this version.

    Parameters
    ----------
    what
        Name of the file, for the message.
    metadata
        The file's metadata.
    form, version
        Expected values of `format` and `version`.

    Raises
    ------
    TrainingError
        It is of another format or version.
    """
    if metadata.get("format") != form:
        raise TrainingError(
            f"{what} is not a recording of a training. Give a file written by "
            'attnviz.record, `attnviz train` or the page "Training".'
        )
    if metadata.get("version") != version:
        raise TrainingError(
            f"{what} is a recording of version {metadata.get('version', '?')[:20]}, and this "
            f"attnviz reads version {version}. Open it with the attnviz that wrote it, or record "
            "again."
        )


def unreadable(what: str, reason: BaseException) -> TrainingError:
    """The error for a file that cannot be read as a recording."""
    return TrainingError(
        f"{what} cannot be read as a recording ({reason_of(reason)}). It may have been cut off, or "
        "come from another program: record again, or fetch the file again."
    )
