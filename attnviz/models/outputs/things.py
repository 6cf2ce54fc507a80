"""Reading boxes and masks: torchvision's lists, DETR's queries, and the masks of Mask2Former."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from attnviz.errors import ModelError
from attnviz.models.entries import entry
from attnviz.models.outputs.base import Found

_MASK = 0.5
_FORMS = (
    "a list with a dictionary of `boxes`, `scores` and `labels` for each picture, as torchvision's "
    "detectors return, or `logits` [N, queries, classes] and `pred_boxes` [N, queries, 4], as DETR"
)


def read_boxes(output: Any, size: tuple[int, int], classes: int = 0) -> tuple[Found, ...]:
    """Read the boxes that a detector returned.

    Parameters
    ----------
    output
        A list of dictionaries, with boxes in pixels of the input, or an object with `logits` and
        `pred_boxes`: centre, width and height in 0..1.
    size
        (height, width) of the input.
    classes
        How many classes there are; where `logits` have one more, the last is "no object". 0 if that
        is not known: then each class is independent of the others.

    Returns
    -------
    tuple of Found
        One for each input.

    Raises
    ------
    ModelError
        The output is neither.
    """
    if isinstance(output, Sequence) and all(isinstance(one, Mapping) for one in output):
        return tuple(_of_dictionary(one) for one in output)
    logits, centred = _entry(output, "logits"), _entry(output, "pred_boxes")
    if logits is None or centred is None or logits.ndim != 3 or centred.shape[-1] != 4:
        raise ModelError(
            f"The network returned a {type(output).__name__}, and no boxes that can be read. Wrap "
            f"it in a module that returns {_FORMS}."
        )
    height, width = size
    centre, extent = centred[..., :2], centred[..., 2:]
    edges = torch.cat([centre - extent / 2, centre + extent / 2], -1)
    boxes = edges * edges.new_tensor([width, height, width, height])
    chances = chances_of(logits, classes)
    return tuple(Found(*pair) for pair in zip(boxes, chances, strict=True))


def chances_of(logits: Tensor, classes: int) -> Tensor:
    """Return the probability of each class for each query, without "no object" if it is there."""
    if classes and logits.shape[-1] == classes + 1:
        return logits.softmax(-1)[..., :-1]
    return logits.sigmoid()


def _of_dictionary(one: Mapping[str, Any]) -> Found:
    missing = [name for name in ("boxes", "scores") if not isinstance(one.get(name), Tensor)]
    labels, scores = one.get("labels"), one.get("scores")
    if not missing and labels is None and scores is not None and scores.ndim == 1:
        missing = ["labels"]
    if missing or one["boxes"].ndim != 2 or one["boxes"].shape[-1] != 4:
        raise ModelError(
            f"The network returned a dictionary without {' and '.join(missing) or 'boxes [K, 4]'}. "
            f"Wrap it in a module that returns {_FORMS}."
        )
    masks = one.get("masks")
    if masks is not None and masks.ndim == 4:
        masks = masks[:, 0]
    per_class = one["scores"].ndim == 2
    return Found(one["boxes"], one["scores"], None if per_class else labels, masks)


def read_masks(output: Any, size: tuple[int, int], classes: int = 0) -> tuple[Found, ...]:
    """Read the masks of queries, as MaskFormer and Mask2Former return them, with their boxes.

    Parameters
    ----------
    output
        With `class_queries_logits` [N, queries, classes + 1] and `masks_queries_logits` [N,
        queries, h, w].
    size, classes
        As for `read_boxes`.

    Returns
    -------
    tuple of Found
        One for each input. A box goes around the part of a mask that is above a half.

    Raises
    ------
    ModelError
        The output is something else.
    """
    logits, masks = _queries(output)
    chances = chances_of(logits, classes or logits.shape[-1] - 1)
    shares = masks.sigmoid()
    return tuple(
        Found(_around(one, size), scores, masks=one)
        for one, scores in zip(shares, chances, strict=True)
    )


def dense_of_masks(output: Any, classes: int = 0) -> Tensor:
    """Return the classes of each position that the masks of queries give, [N, classes, h, w].

    A position's value for a class is the sum over queries of the query's probability of the class
    times its mask, as Mask2Former computes its semantic segmentation.
    """
    logits, masks = _queries(output)
    chances = chances_of(logits, classes or logits.shape[-1] - 1)
    return torch.einsum("nqc,nqhw->nchw", chances, masks.sigmoid())


def _queries(output: Any) -> tuple[Tensor, Tensor]:
    logits = _entry(output, "class_queries_logits")
    masks = _entry(output, "masks_queries_logits")
    if logits is None or masks is None or logits.ndim != 3 or masks.ndim != 4:
        raise ModelError(
            f"The network returned a {type(output).__name__}, and no masks that can be read. Wrap "
            "it in a module that returns `class_queries_logits` [N, queries, classes + 1] and "
            "`masks_queries_logits` [N, queries, h, w], as Mask2Former."
        )
    return logits, masks


def _around(masks: Tensor, size: tuple[int, int]) -> Tensor:
    """float [K, 4]: boxes around masks [K, h, w] where they are above a half, in input pixels."""
    inside = masks.detach() > _MASK
    (height, width), (rows, columns) = size, inside.shape[-2:]
    edges = []
    for length, cells, along in ((width, columns, inside.any(1)), (height, rows, inside.any(2))):
        places = torch.arange(cells, device=masks.device)
        first = torch.where(along, places, cells).amin(1)
        last = torch.where(along, places, -1).amax(1) + 1
        edges.append((first.minimum(last) * length / cells, last * length / cells))
    (left, right), (top, bottom) = edges
    return torch.stack([left, top, right, bottom], 1).to(masks.dtype)


def _entry(output: Any, name: str) -> Tensor | None:
    value = entry(output, name)
    return value if isinstance(value, Tensor) else None


def read_dense(output: Any) -> Tensor:
    """Return the logits of each position, [N, classes, h, w], that a segmenter returned.

    Parameters
    ----------
    output
        A tensor, or an object or dictionary with an entry `out` or `logits`.

    Returns
    -------
    Tensor

    Raises
    ------
    ModelError
        The output is something else.
    """
    named = (_entry(output, name) for name in ("out", "logits"))
    values = [output] if isinstance(output, Tensor) else [one for one in named if one is not None]
    if not values or values[0].ndim != 4:
        raise ModelError(
            f"The network returned a {type(output).__name__}, and no classes of each position. "
            "Wrap it in a module that returns their logits, [N, classes, h, w]."
        )
    return values[0]
