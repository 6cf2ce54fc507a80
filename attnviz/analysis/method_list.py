"""The methods, with what each shows and costs, and whether it fits a network."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from attnviz.analysis.answers import readable_kinds
from attnviz.analysis.inference import run_inference
from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.site import Kind
from attnviz.methods.base import METHODS, Method, Nature
from attnviz.methods.inference import Inference
from attnviz.models.catalogue import find_model
from attnviz.models.spec import ModelSpec, Source
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import open_picture
from attnviz.words import listed

_NAMED = 6
_READ = {
    Kind.SPATIAL: "soft masks",
    Kind.CHANNEL: "channel gates",
    Kind.CONTEXT: "self-attention",
    Kind.FEATURES: "blocks that return features",
}


@dataclass(frozen=True)
class MethodInfo:
    """A method, and whether it can be used.

    Attributes
    ----------
    name
        By which `explain` takes it.
    title
        Name in plain words.
    nature
        "attention", "relevance" or "similarity".
    kind
        What it reads: "spatial", "channel", "context" or "features"; None if scores are enough.
    cost
        How often it runs the network for one picture, in words.
    paper
        Where it was published.
    fits
        Whether it can run on the network; None where none was given.
    why_not
        If not, what the network lacks; empty otherwise.
    """

    name: str
    title: str
    nature: Nature
    kind: Kind | None
    cost: str
    paper: str
    fits: bool | None = None
    why_not: str = ""

    def __repr__(self) -> str:
        """Say what it is, in a line."""
        fit = {None: "", True: "; fits", False: f"; does not fit: {self.why_not}"}[self.fits]
        reads = f" from {self.kind}" if self.kind else ""
        return f"<MethodInfo {self.name!r}: {self.nature}{reads}, {self.cost}{fit}>"


class MethodList(tuple[MethodInfo, ...]):
    """Methods; printed, it names the first."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Say how many there are."""
        names = listed([method.name for method in self], _NAMED, "methods")
        return f"<{len(self)} methods: {names}>"


def list_methods(model: VisionModel | ModelSpec | str | None = None) -> MethodList:
    """List the methods, what each costs, and whether it fits a network.

    Parameters
    ----------
    model
        From `load_model` or `wrap`, an entry or a name of `list_models`, or None. A wrapped module
        takes a few passes over a grey picture, the first time, which find what can be read in it.

    Returns
    -------
    MethodList
        A tuple of `MethodInfo`; those that fit come first, and attention before relevance.

    Raises
    ------
    UnknownNameError
        No network has that name.
    ModelError
        The network cannot be read.

    Examples
    --------
    >>> fitting = [method.name for method in list_methods("vit-small") if method.fits]
    >>> "rollout" in fitting, "soft-mask" in fitting
    (True, False)
    """
    if model is None:
        return MethodList(_info(method, None) for method in METHODS)
    spec = _traits(model)
    natures = list(Nature)
    infos = (_info(method, spec) for method in METHODS)
    return MethodList(sorted(infos, key=lambda one: (not one.fits, natures.index(one.nature))))


def cost_in_words(method: type[Method]) -> str:
    """Describe how often a method runs the network for one picture."""
    if method.many_passes:
        return "many passes"
    return "1 forward and 1 backward pass" if method.gradients else "1 forward pass"


def _info(method: type[Method], spec: ModelSpec | None) -> MethodInfo:
    fits = None if spec is None else method.suits(spec)
    why_not = _why_not(method, spec) if spec is not None and not fits else ""
    title, paper, cost = method.title, method.paper, cost_in_words(method)
    return MethodInfo(method.name, title, method.nature, method.kind, cost, paper, fits, why_not)


def _why_not(method: type[Method], spec: ModelSpec) -> str:
    if not spec.observable and method.kind is not None:
        return "the layers of a black box cannot be observed"
    if method.fits(spec):
        return f"{spec.name} names no classes"
    kind = method.kind
    lacking = _READ[kind] if kind is not None and kind not in spec.kinds else method.needs
    return f"{spec.name} has no {lacking}"


def _traits(model: VisionModel | ModelSpec | str) -> ModelSpec:
    """What is known of a network; of a wrapped one what can be read in it."""
    if isinstance(model, str):
        return find_model(model)
    if isinstance(model, ModelSpec):
        return model
    if model.spec.source is not Source.USER:
        return model.spec

    def work(inference: Inference) -> ModelSpec:
        kinds, _ = readable_kinds(model, inference)
        layout = model.spec.layout
        if Kind.FEATURES in kinds:
            layout = find_sites(inference.module, Kind.FEATURES, inference.inputs)[-1].layout
        return replace(model.spec, kinds=kinds, layout=layout)

    grey = open_picture(np.full((*model.preprocess.sides, 3), 128, np.uint8), name="grey")
    return run_inference(model, grey, work, any_output=True)[0]
