"""What torchvision's detectors weigh before they choose: a score for things that they miss.

Of what a detector returns, all that is improbable or overlaps something better is gone, and with it
the gradients of a thing that it missed. Its head has a class's probability for each anchor, or for
each region that its first stage proposes; these are heard while it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from attnviz.models.outputs.base import Found
from attnviz.models.outputs.overlap import Edges

Candidates = Callable[[int, Edges, tuple[int, int]], tuple[Found, ...]]
"""From a class, a box, and (height, width) of the input to what was weighed in the last pass, one
`Found` for each input; differentiable."""

_Heard = dict[str, Any]
_Weighed = list[tuple[Tensor, Tensor]]
"""For each input the boxes [K, 4], in pixels of the resized one, and their probabilities [K]."""
_HOME = "torchvision.models.detection"


@contextmanager
def heard_candidates(module: nn.Module) -> Iterator[Candidates | None]:
    """Listen to what a detector weighs, by hooks that are gone afterwards.

    Parameters
    ----------
    module
        The network; the caller holds its lock.

    Yields
    ------
    Candidates or None
        None for all but torchvision's detectors.
    """
    weigh = _weighing(module)
    if weigh is None:
        yield None
        return
    heard: _Heard = {}
    handles = [*_listening(module, heard)]
    try:
        yield partial(_candidates, module, weigh, heard)
    finally:
        for handle in handles:
            handle.remove()
        heard.clear()  # it holds the graph of the last pass


def _weighing(module: nn.Module) -> Callable[[Any, _Heard, int, Tensor], _Weighed] | None:
    names = {kind.__name__ for kind in type(module).__mro__ if kind.__module__.startswith(_HOME)}
    if "GeneralizedRCNN" in names:
        return _regions
    if names & {"RetinaNet", "FCOS", "SSD"}:
        return partial(_anchors, exclusive="SSD" in names)
    return None


def _listening(module: Any, heard: _Heard) -> Iterator[RemovableHandle]:
    def keep(name: str, _part: nn.Module, _inputs: object, output: object) -> None:
        heard[name] = output

    def keep_inputs(_part: nn.Module, inputs: tuple[Any, ...]) -> None:
        heard["regions"] = inputs

    yield module.transform.register_forward_hook(partial(keep, "transform"))
    if hasattr(module, "roi_heads"):
        yield module.roi_heads.register_forward_pre_hook(keep_inputs)
        second = module.roi_heads.box_predictor
        yield second.register_forward_hook(partial(keep, "second stage"))
        return
    yield module.head.register_forward_hook(partial(keep, "head"))
    yield module.anchor_generator.register_forward_hook(partial(keep, "anchors"))


def _candidates(
    module: nn.Module, weigh: Callable[[Any, _Heard, int, Tensor], _Weighed], heard: _Heard,
    index: int, edges: Edges, size: tuple[int, int],
) -> tuple[Found, ...]:  # fmt: skip
    """See `Candidates`."""
    (height, width), images = size, heard["transform"][0]
    # The network resizes pictures itself, all alike, where they are not of its own size.
    rows, columns = images.image_sizes[0]
    scale = images.tensors.new_tensor([columns / width, rows / height] * 2)
    found = []
    for boxes, chances in weigh(module, heard, index, scale * scale.new_tensor(edges)):
        limits = scale.new_tensor([columns, rows] * 2)
        inside = boxes.detach().clamp_min(0).minimum(limits) / scale
        found.append(Found(inside, chances, torch.full_like(chances, index, dtype=torch.int64)))
    return tuple(found)


def _regions(module: Any, heard: _Heard, index: int, box: Tensor) -> _Weighed:
    """What the second stage says of each region that the first proposes, and of the box itself."""
    (features, proposals, shapes), of_proposals = heard["regions"][:3], heard["second stage"]
    heads = module.roi_heads
    own = [box[None].to(regions) for regions in proposals]
    of_box = heads.box_predictor(heads.box_head(heads.box_roi_pool(features, own, shapes)))
    heard["second stage"] = of_proposals  # that of the pass, for whoever asks next
    found = []
    for regions, (logits, moves) in ((proposals, of_proposals), (own, of_box)):
        counts = [len(one) for one in regions]
        boxes = heads.box_coder.decode(moves, regions)[:, index].split(counts)
        found.append(zip(boxes, logits.softmax(-1)[:, index].split(counts), strict=True))
    return [
        (torch.cat([boxes, own_boxes]), torch.cat([chances, own_chances]))
        for (boxes, chances), (own_boxes, own_chances) in zip(*found, strict=True)
    ]


def _anchors(module: Any, heard: _Heard, index: int, box: Tensor, *, exclusive: bool) -> _Weighed:
    """What the head says at each anchor, of classes that exclude each other or do not."""
    del box
    head, coder = heard["head"], module.box_coder
    logits: Tensor = head["cls_logits"]
    if "bbox_ctrness" in head:  # FCOS
        chances = (logits[..., index].sigmoid() * head["bbox_ctrness"][..., 0].sigmoid()).sqrt()
        decode = coder.decode
    else:
        chances = logits.softmax(-1)[..., index] if exclusive else logits[..., index].sigmoid()
        decode = coder.decode_single
    moves = zip(head["bbox_regression"], heard["anchors"], strict=True)
    return [(decode(*pair), chance) for pair, chance in zip(moves, chances, strict=True)]
