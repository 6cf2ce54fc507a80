"""Catalogue entries of torchvision's detectors and segmenters with their published weights."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from attnviz.models.outputs.infer import declared_outputs
from attnviz.models.preprocess import Preprocess
from attnviz.models.scores import ScoreKind
from attnviz.models.spec import FEATURES, ModelSpec, Source
from attnviz.models.torchvision_source import LICENCE, build_torchvision, weights_ref
from attnviz.pictures.geometry import Fit

# Those whose weights load into the network as it is built without any; the older detectors come
# with frozen normalisation. By name: the kind of output, and what the weights were trained with.
_NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "ssdlite320_mobilenet_v3_large": ("boxes", {}),
    "fasterrcnn_resnet50_fpn_v2": ("boxes", {}),
    "retinanet_resnet50_fpn_v2": ("boxes", {}),
    "maskrcnn_resnet50_fpn_v2": ("boxes", {}),
    "lraspp_mobilenet_v3_large": ("dense", {}),
    "deeplabv3_mobilenet_v3_large": ("dense", {"aux_loss": True}),
    "deeplabv3_resnet50": ("dense", {"aux_loss": True}),
}
_SIDES = {"ssdlite320_mobilenet_v3_large": 320}
_KNOWS = {
    "boxes": "Finds things of COCO's 80 classes, each with a box",
    "dense": "Gives each position one of Pascal VOC's 20 classes, or none",
}


@cache
def torchvision_places_specs() -> tuple[ModelSpec, ...]:
    """List the networks under torchvision's names; nothing is built or downloaded."""
    from torchvision import models

    return tuple(
        _spec(name, kind, options, models.get_model_weights(name).DEFAULT)
        for name, (kind, options) in _NETWORKS.items()
    )


def _spec(name: str, kind: str, options: dict[str, Any], weights: Any) -> ModelSpec:
    labels = tuple(weights.meta["categories"])
    ref = weights_ref(weights)
    return ModelSpec(
        name=name,
        title=name,
        source=Source.TORCHVISION,
        kinds=FEATURES,
        embedded=False,
        download_bytes=ref.bytes,
        parameters=int(weights.meta["num_params"]),
        build=partial(build_torchvision, name, {"weights_backbone": None, **options}),
        weights=ref,
        preprocess=_preprocess(name, weights.transforms()),
        labels=labels,
        note=f"{_KNOWS[kind]}.",
        scores=ScoreKind.NONE,
        outputs=declared_outputs(kind, len(labels)),
        licence=LICENCE,
    )


def _preprocess(name: str, preset: Any) -> Preprocess:
    if name in _SIDES:  # it squashes the picture to its own size
        squashed = Preprocess(_SIDES[name], Fit.SQUASH, multiple=1, any_size=False)
        return squashed.unnormalised()
    if not hasattr(preset, "mean"):  # detectors resize and normalise by themselves
        return Preprocess(800).unnormalised()
    (side,) = preset.resize_size
    return Preprocess(int(side), mean=tuple(preset.mean), std=tuple(preset.std))
