"""What a black box that finds boxes or regions returned, as tensors and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from attnviz.errors import ModelError
from attnviz.models.outputs.base import Outputs

_FORMS = {
    "boxes": "a list with a dictionary of `boxes` [K, 4] in pixels of what it is given, `scores` "
    "[K] and `labels` [K] for each picture",
    "masks": "a dictionary of `class_queries_logits` and `masks_queries_logits` for all pictures",
    "dense": "the logits of each position, [N, classes, h, w]",
}


def as_places(returned: Any, number: int, name: str, outputs: Outputs) -> Any:
    """Return what was returned for a batch with tensors in the place of arrays and lists.

    Parameters
    ----------
    returned
        What the black box returned.
    number
        Of pictures in the batch.
    name
        Of the black box, for messages.
    outputs
        How it is read.

    Returns
    -------
    object
        A list of dictionaries, one for each picture; or a dictionary of tensors, or one tensor,
        with the pictures along the first axis. Integers are int64, all else float32.

    Raises
    ------
    ModelError
        There is not one for each picture, or what is there is NaN or no numbers.
    """
    form = f"Return {_FORMS[outputs.kind]}."
    try:
        given = _tensors(returned)
    except (TypeError, ValueError) as error:
        what = "nothing" if returned is None else f"a {type(returned).__name__}"
        raise ModelError(f"{name} returned {what}, and no places. {form}") from error
    parts = list(given.values()) if isinstance(given, dict) else [given]
    counts = {len(part) if isinstance(part, list) or part.ndim else 0 for part in parts}
    if counts != {number}:
        told = " and ".join(map(str, sorted(counts)))
        raise ModelError(
            f"{name} returned places for {told or 'no'} pictures, and was given {number}. {form}"
        )
    if any(bool(one.isnan().any()) for part in parts for one in _numbers(part)):
        raise ModelError(
            f"{name} returned NaN for a picture. Look at what it finds in this picture, also with "
            "parts of it hidden, and return numbers."
        )
    return given


def joined(parts: Sequence[Any]) -> Any:
    """Return what came for the parts of a batch as what had come for the whole."""
    first = parts[0]
    if isinstance(first, list):
        return [one for part in parts for one in part]
    if isinstance(first, dict):
        return {key: torch.cat([part[key] for part in parts]) for key in first}
    return torch.cat(list(parts))


def first_of(given: Any, number: int) -> Any:
    """Return what is for the first pictures of a batch."""
    if isinstance(given, dict):
        return {key: part[:number] for key, part in given.items()}
    return given[:number]


def _numbers(part: list[dict[str, Tensor]] | Tensor) -> list[Tensor]:
    """All tensors of a part."""
    return [part] if isinstance(part, Tensor) else [one for each in part for one in each.values()]


def _tensors(returned: Any) -> list[dict[str, Tensor]] | dict[str, Tensor] | Tensor:
    if isinstance(returned, Mapping):
        return {str(key): _tensor(value) for key, value in returned.items() if value is not None}
    dictionaries = isinstance(returned, Sequence) and all(
        isinstance(one, Mapping) for one in returned
    )
    if dictionaries:
        return [{str(key): _entry(str(key), one[key]) for key in one} for one in returned]
    return _tensor(returned)


def _entry(key: str, value: Any) -> Tensor:
    """An entry of a picture's dictionary; where nothing was found, lists have no second axis."""
    tensor = _tensor(value)
    if key == "labels":
        return tensor.long()
    return tensor.reshape(0, 4) if key == "boxes" and not tensor.numel() else tensor


def _tensor(value: Any) -> Tensor:
    if isinstance(value, Tensor):
        tensor = value.detach().cpu()
    else:
        tensor = torch.from_numpy(np.array(value))
    return tensor.float() if tensor.is_floating_point() else tensor.long()
