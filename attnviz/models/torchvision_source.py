"""Catalogue entries of all of torchvision's classifiers with their published weights."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, partial
from typing import Any, TypeVar

from torch import nn

from attnviz.errors import ModelError
from attnviz.models.known_sums import sum_in_name
from attnviz.models.preprocess import Preprocess
from attnviz.models.resized import resized_copy
from attnviz.models.spec import FEATURES, Kinds, ModelSpec, Source, StateDict, WeightsRef
from attnviz.pictures.geometry import Fit

T = TypeVar("T")

_MEBIBYTE = 1024**2
_STRIDE = 32
# torchvision names a licence only for the weights of SWAG (Singh et al. 2022); its own have that of
# the library.
LICENCE, _SWAG_LICENCE = "BSD-3-Clause", "CC-BY-NC-4.0"


@cache
def torchvision_specs() -> tuple[ModelSpec, ...]:
    """List all networks under torchvision's names; nothing is built or downloaded."""
    from torchvision import models  # takes a second to import, and only the catalogue needs it

    return tuple(
        _spec(name, models.get_model_weights(name).DEFAULT)
        for name in models.list_models(module=models)
    )


def _spec(name: str, weights: Any) -> ModelSpec:
    preset = weights.transforms()
    side = int(preset.crop_size[0])
    options = _fixed_size(name, side)
    ref = weights_ref(weights)
    labels = tuple(weights.meta["categories"])
    return ModelSpec(
        name=name,
        title=name,
        source=Source.TORCHVISION,
        kinds=_kinds(name),
        embedded=False,
        download_bytes=ref.bytes,
        parameters=int(weights.meta["num_params"]),
        build=partial(build_torchvision, name, {**options, **_BUILD_OPTIONS.get(name, {})}),
        weights=replace(ref, adapt=_adapter(name)),
        preprocess=Preprocess(
            size=side,
            fit=Fit.SQUASH if options else Fit.WHOLE,
            multiple=_patch(name) or _STRIDE,
            any_size=not options,
            mean=tuple(preset.mean),
            std=tuple(preset.std),
        ),
        resize=partial(_resized, name) if name.startswith("vit_") else None,
        layout=_by_prefix(name, _LAYOUTS) or "NCHW",
        labels=labels,
        note=f"Knows the {len(labels):,} classes of ImageNet.",
        licence=_SWAG_LICENCE if "license" in weights.meta else LICENCE,
    )


def weights_ref(weights: Any) -> WeightsRef:
    """Return where the file of an entry of torchvision's weights can be obtained."""
    file_name = weights.url.rpartition("/")[2]
    size = round(weights.meta["_file_size"] * _MEBIBYTE)
    return WeightsRef(file_name, weights.url, sum_in_name(file_name), size)


@cache
def imagenet_labels() -> tuple[str, ...]:
    """Return the names of ImageNet's 1,000 classes, in the order of networks trained on it."""
    from torchvision import models

    return tuple(models.get_model_weights("resnet18").DEFAULT.meta["categories"])


# Attention kinds of networks, by the beginning of their names.
_ATTENTION: dict[str, Kinds] = {
    "efficientnet": ("channel",),
    "maxvit": ("channel", "context"),
    "mobilenet_v3": ("channel",),
    "regnet_y": ("channel",),
    "swin": ("context",),
    "vit": ("context",),
}


# Layout of the last block, by the beginning of the name; NCHW for all others.
_LAYOUTS = {"swin": "NHWC", "vit": "NTC"}


def _patch(name: str) -> int | None:
    """Patch side of a ViT, with which its name ends; None for all others."""
    return int(name.rpartition("_")[2]) if name.startswith("vit_") else None


def _kinds(name: str) -> Kinds:
    return (*(_by_prefix(name, _ATTENTION) or ()), *FEATURES)


def _by_prefix(name: str, table: Mapping[str, T]) -> T | None:
    """The entry of a table whose key begins `name`."""
    return next((value for start, value in table.items() if name.startswith(start)), None)


def _resized(name: str, module: nn.Module, side: int) -> nn.Module:
    """Copy a ViT for another input side, interpolating its position embeddings."""
    patch = int(getattr(module, "patch_size"))  # noqa: B009  # not every nn.Module has it
    if side % patch:
        raise ModelError(f"{name} accepts sides in multiples of {patch} pixels, not {side}.")
    resized = resized_copy(module, (side, side))
    assert resized is not None
    return resized


def _fixed_size(name: str, side: int) -> dict[str, Any]:
    """The build option for a fixed input size; empty if the network accepts any size.

    Networks with the option (ViT, MaxViT: one position embedding per cell) accept that size only.
    The whole picture is then squashed to that square, because cropping the centre would hide the
    border, and half of a panorama, from the network. All others get the picture in its own aspect,
    with sides rounded to whole cells of the coarsest grid, so that all cells cover the same area.
    """
    from torchvision import models

    network = typing.get_type_hints(models.get_model_builder(name)).get("return")
    options = inspect.signature(network).parameters if inspect.isclass(network) else {}
    if "image_size" in options:
        return {"image_size": side}
    return {"input_size": (side, side)} if "input_size" in options else {}


def build_torchvision(name: str, options: Mapping[str, Any]) -> nn.Module:
    """Build a network of torchvision with random weights.

    Parameters
    ----------
    name
        torchvision's name.
    options
        For `torchvision.models.get_model`.

    Returns
    -------
    nn.Module
    """
    from torchvision import models

    module: nn.Module = models.get_model(name, weights=None, **options)
    return module


# What torchvision sets when it loads these weights: the range of inputs with which they were
# trained, no auxiliary heads where its default has none, and no slow random initialisation.
_BUILD_OPTIONS: dict[str, dict[str, Any]] = {
    "googlenet": {"transform_input": True, "init_weights": False, "aux_logits": False},
    "inception_v3": {"transform_input": True, "init_weights": False},
}


def _adapter(name: str) -> Callable[[StateDict], StateDict] | None:
    if name == "googlenet":
        return _without_auxiliary_heads
    return _with_new_densenet_keys if name.startswith("densenet") else None


def _without_auxiliary_heads(state: StateDict) -> StateDict:
    """Drop the two classifiers in GoogLeNet's file that only training uses."""
    for key in [key for key in state if key.startswith(("aux1.", "aux2."))]:
        del state[key]
    return state


_OLD_DENSENET_KEY = re.compile(r"^(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\..*)$")


def _with_new_densenet_keys(state: StateDict) -> StateDict:
    """Rename `norm.1` in DenseNet's files to the modules' `norm1`."""
    for key in list(state):
        if old := _OLD_DENSENET_KEY.match(key):
            state[old[1] + old[2]] = state.pop(key)
    return state
