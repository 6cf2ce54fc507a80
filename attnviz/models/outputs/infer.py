"""What kind of output a network has: as its user says, or as its class is known to have."""

from __future__ import annotations

from functools import partial
from typing import Any

from torch import nn

from attnviz.errors import UnknownNameError
from attnviz.models.outputs.base import Outputs
from attnviz.models.outputs.things import dense_of_masks, read_boxes, read_dense, read_masks
from attnviz.models.preprocess import Preprocess
from attnviz.pictures.geometry import Fit

KINDS = ("boxes", "masks", "dense")
_TRANSFORMERS = {
    "ForObjectDetection": "boxes",
    "ForUniversalSegmentation": "masks",
    "ForInstanceSegmentation": "masks",
    "ForSemanticSegmentation": "dense",
}
_TORCHVISION = {
    "torchvision.models.detection": "boxes",
    "torchvision.models.segmentation": "dense",
}


def outputs_of(module: nn.Module, wish: str | None = None, classes: int = 0) -> Outputs | None:
    """Return how a network's output is read.

    Parameters
    ----------
    module
        The network.
    wish
        "boxes", "masks" or "dense"; None to go by its class: the detectors and segmenters of
        torchvision and of transformers are known.
    classes
        How many classes it has; as many as its configuration says if 0.

    Returns
    -------
    Outputs or None
        None for a network that returns scores of classes, or features.

    Raises
    ------
    UnknownNameError
        There is no such kind.
    """
    kind = wish or _known(module)
    if kind is None:
        return None
    own = int(getattr(getattr(module, "config", None), "num_labels", 0) or 0)
    return declared_outputs(kind, classes or own)


def declared_outputs(kind: str, count: int) -> Outputs:
    """Return how an output is read, of that many classes; UnknownNameError for no known kind."""
    if kind not in KINDS:
        raise UnknownNameError("kind of output", str(kind), KINDS)
    if kind == "boxes":
        return Outputs(kind, things=partial(read_boxes, classes=count))
    if kind == "dense":
        return Outputs(kind, dense=read_dense)
    things, dense = partial(read_masks, classes=count), partial(dense_of_masks, classes=count)
    return Outputs(kind, things=things, dense=dense)


def own_preprocess(module: nn.Module) -> Preprocess | None:
    """Return the preprocessing of a detector that normalises and resizes inside, as torchvision's.

    Parameters
    ----------
    module
        The network.

    Returns
    -------
    Preprocess or None
        Of the size to which the network would resize, so that it does not; None for all others.
    """
    inside: Any = getattr(module, "transform", None)
    if type(inside).__name__ != "GeneralizedRCNNTransform":
        return None
    if inside.fixed_size is None:
        made = Preprocess(int(inside.min_size[-1]), multiple=int(inside.size_divisible))
    else:
        width, height = inside.fixed_size
        made = Preprocess((height, width), Fit.SQUASH, multiple=1, any_size=False)
    return made.unnormalised()


def _known(module: nn.Module) -> str | None:
    """The kind that the class of a network is known to have."""
    home, name = type(module).__module__, type(module).__name__
    for package, kind in _TORCHVISION.items():
        if home.startswith(package):
            return kind
    if home.startswith("transformers."):
        return next((kind for end, kind in _TRANSFORMERS.items() if name.endswith(end)), None)
    return None
