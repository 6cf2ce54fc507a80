"""Catalogue entries of some of timm's networks with their published weights.

timm has some 1,500 sets of weights; these show each kind of attention, in sizes that run on a
laptop, with ImageNet's 1,000 classes. Their entries are stored in a table, because importing timm
takes seconds.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from attnviz.errors import ModelError
from attnviz.models.hub_weights import PublishedFile
from attnviz.models.preprocess import Preprocess
from attnviz.models.spec import ModelSpec, Source, StateDict
from attnviz.models.torchvision_source import imagenet_labels
from attnviz.pictures.geometry import Fit

_TABLE = Path(__file__).with_name("timm_models.json")
_STRIDE = 32
_LICENCES = {"apache-2.0": "Apache-2.0", "mit": "MIT", "cvnets-license": "Apple's CVNets licence"}


@cache
def timm_specs() -> tuple[ModelSpec, ...]:
    """List the networks of the table under timm's names, without importing timm."""
    return tuple(_spec(entry) for entry in json.loads(_TABLE.read_text(encoding="utf-8")))


def _spec(entry: dict[str, Any]) -> ModelSpec:
    name, fixed = entry["name"], bool(entry["fixed"])
    labels = imagenet_labels()
    build = partial(build_timm, name)
    return ModelSpec(
        name=name,
        title=name,
        source=Source.TIMM,
        kinds=tuple(entry["kinds"]),
        embedded=False,
        download_bytes=entry["bytes"],
        parameters=entry["parameters"],
        build=build,
        # Some of the published files contain buffers that others omit: their size is not known.
        weights=PublishedFile(**entry.get("file", {})).weights(
            name, entry["repository"], partial(as_timm_loads, build)
        ),
        preprocess=Preprocess(
            size=entry["side"],
            fit=Fit.SQUASH if fixed else Fit.WHOLE,
            multiple=_step(entry),
            any_size=not fixed,
            mean=tuple(entry["mean"]),
            std=tuple(entry["std"]),
        ),
        labels=labels,
        note=f"Knows the {len(labels):,} classes of ImageNet.",
        resize=_resized if entry["resizable"] else None,
        layout=entry.get("layout", "NCHW"),
        values=entry.get("values", True),
        licence=_LICENCES.get(entry["licence"], entry["licence"]),
    )


def _step(entry: dict[str, Any]) -> int:
    """The multiple for input sides: the patch side, or the cell side of the coarsest grid.

    With position embeddings of a fixed size in windows or on a deep grid, only multiples of the
    default side are safe.
    """
    if not entry["fixed"]:
        return int(entry["multiple"] or _STRIDE)
    patch = re.search(r"patch(\d+)", entry["name"])
    return int(patch[1]) if patch else int(entry["side"])


def build_timm(name: str, **options: Any) -> nn.Module:
    """Build a network of timm with random weights.

    Parameters
    ----------
    name
        timm's name.
    **options
        For `timm.create_model`.

    Returns
    -------
    nn.Module
    """
    import timm

    module: nn.Module = timm.create_model(name, pretrained=False, **options)
    return module


def as_timm_loads(build: Callable[[], nn.Module], state: StateDict) -> StateDict:
    """Convert a file's state as timm does on loading: older names, omitted buffers.

    Parameters
    ----------
    build
        Builds the network.
    state
        What the published file holds.

    Returns
    -------
    dict of str to Tensor
    """
    with torch.device("meta"):
        module = build()
    change = getattr(sys.modules[type(module).__module__], "checkpoint_filter_fn", None)
    return state if change is None else dict(change(state, module))


def _resized(module: nn.Module, side: int) -> nn.Module:
    """Adapt a network to another input side, interpolating its position embeddings."""
    resize: Any = getattr(module, "set_input_size")  # noqa: B009  # not every nn.Module has it
    try:
        resize(img_size=(side, side))
    except (AssertionError, ValueError, RuntimeError) as error:
        raise ModelError(
            f"{type(module).__name__} does not accept inputs of {side} pixels ({error}). "
            "Choose a multiple of its patches and windows."
        ) from error
    return module
