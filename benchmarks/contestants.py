"""Every method that makes a map for a class: ours, and the peers' own code, behind one call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from attnviz.capture.discovery.find_sites import find_kinds, find_sites
from attnviz.capture.run import capture
from attnviz.capture.site import Kind, Layout, Site
from attnviz.methods import METHODS, Inference, Method, TraceMethod
from attnviz.methods.base import Nature
from attnviz.methods.class_mask import ClassMask, has_class_masks
from attnviz.methods.competition import Competition
from attnviz.methods.pytorch_grad_cam.cams import LibraryCam
from attnviz.types import FloatArray

MapFor = Callable[[Tensor, int], FloatArray]
"""(inputs [1, 3, h, w], class) -> map [rows, columns]."""

TORCHCAM = (
    "GradCAM", "GradCAMpp", "SmoothGradCAMpp", "XGradCAM", "LayerCAM", "FinerCAM", "ScoreCAM",
)  # fmt: skip
GRAD_CAM = (
    "GradCAM", "HiResCAM", "GradCAMPlusPlus", "XGradCAM", "LayerCAM", "GradCAMElementWise",
    "FinerCAM", "ShapleyCAM", "EigenCAM", "EigenGradCAM", "KPCA_CAM", "FEM", "RandomCAM",
    "ScoreCAM", "AblationCAM",
)  # fmt: skip
SLOW = ("ScoreCAM", "AblationCAM", "SmoothGradCAMpp", "KPCA_CAM")


# Masks of `lens` that are measured: what suffices, in detail, and all that speaks for the class.
MASKS = ("stride4", "necessary")


@dataclass(frozen=True)
class Contestant:
    """A method to be measured.

    `peer`: whether it is another library's own code. `favourite`: whether it is what we would have
    people use, which is measured on all photos.
    """

    name: str
    source: str
    map_for: MapFor
    peer: bool = False
    favourite: bool = False

    @property
    def label(self) -> str:
        """The name under which it stands in a table."""
        return f"{self.name} ({self.source})" if self.peer else self.name


def contestants(module: nn.Module, example: Tensor, *, slow: bool = False) -> list[Contestant]:
    """All methods that fit the network, each at the last layer that it reads.

    slow: also those that ask the network hundreds of times for one map.
    """
    kinds = find_kinds(module, example)
    found = [*_own(module, kinds), *_peers(module, last_block(module, example))]
    return [one for one in found if slow or one.name not in SLOW]


def last_block(module: nn.Module, example: Tensor) -> Site:
    """The last block that is not yet the map of the classes itself, as SqueezeNet's classifier is.

    On a map of classes all CAMs are the same, and what they are called no longer matters.
    """
    sites = find_sites(module, Kind.FEATURES, example)
    trace = capture(module, example, sites)
    classes = trace.logits.shape[1]
    names = [one.layer for one in trace.features if one.activation.shape[1] != classes]
    return next(site for site in reversed(sites) if site.layer == (names or [site.layer])[-1])


def _own(module: nn.Module, kinds: Sequence[Kind]) -> list[Contestant]:
    found = []
    masks = has_class_masks(module)
    run: MapFor
    if masks:
        for layer in MASKS:
            run = partial(_mask, module, layer)
            found.append(Contestant(f"class-mask, {layer}", "attnviz", run, favourite=True))
    for method in METHODS:
        if method.kind not in kinds or issubclass(method, LibraryCam):
            continue
        if method.nature is Nature.SIMILARITY:
            continue
        if method.kind is Kind.SPATIAL and (masks or method is ClassMask):
            continue  # the other maps of such masks are for no class
        made = method()
        run = (
            partial(_traced, module, made)
            if isinstance(made, TraceMethod)
            else partial(_run, module, made)
        )
        found.append(Contestant(method.name, "attnviz", run, favourite=method is Competition))
    return found


def _mask(module: nn.Module, layer: str, inputs: Tensor, target: int) -> FloatArray:
    return np.asarray(ClassMask().run(Inference.of(module, inputs, target)).map_of(layer))


def _traced(module: nn.Module, method: TraceMethod[Any], inputs: Tensor, target: int) -> FloatArray:
    sites = find_sites(module, method.kind, inputs)
    if method.kind is Kind.FEATURES:
        last = last_block(module, inputs)
        sites = tuple(site for site in sites if site.layer == last.layer)
    trace = capture(module, inputs, sites, gradients=method.gradients, target=target)
    return np.asarray(method(trace)[-1].values[0])


def _run(module: nn.Module, method: Method, inputs: Tensor, target: int) -> FloatArray:
    return np.asarray(method.run(Inference.of(module, inputs, target)).layer_maps[-1].values[0])


def _peers(module: nn.Module, site: Site) -> list[Contestant]:
    """The peers' methods for convolutions; tokens need code that their users write themselves."""
    if site.layout is not Layout.CHANNELS_FIRST:
        return []
    theirs = [(name, "torchcam", _torchcam) for name in TORCHCAM]
    theirs += [(name, "pytorch-grad-cam", _grad_cam) for name in GRAD_CAM]
    return [
        Contestant(name, source, partial(run, module, site, name), peer=True)
        for name, source, run in theirs
    ]


def _torchcam(module: nn.Module, site: Site, name: str, inputs: Tensor, target: int) -> FloatArray:
    import torchcam.methods

    with getattr(torchcam.methods, name)(module, site.module) as extractor:
        scores = module(inputs.detach().clone().requires_grad_())
        (values,) = extractor(target, scores, normalized=False)
    return np.asarray(values[0].detach().relu().float().cpu().numpy())


def _grad_cam(module: nn.Module, site: Site, name: str, inputs: Tensor, target: int) -> FloatArray:
    import pytorch_grad_cam as library
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    np.random.seed(0)  # RandomCAM draws from the global generator
    layers = [module.get_submodule(site.module)]
    given = inputs.detach().clone().requires_grad_()
    with torch.enable_grad(), getattr(library, name)(module, layers) as cam:
        if name == "FinerCAM":
            values = cam(given, target_idx=target)
        else:
            values = cam(given, [ClassifierOutputTarget(target)])
    return np.asarray(values[0], np.float32)
