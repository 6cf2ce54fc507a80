"""The networks that the project defines itself, each registered by its own file of this package."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from torch import nn

from attnviz.models import zoo
from attnviz.models.preprocess import Preprocess
from attnviz.models.spec import SPATIAL_AND_FEATURES, Kinds
from attnviz.registry import Registry, import_all


@dataclass(frozen=True)
class ZooNetwork:
    """A network by its definition; it can be loaded once trained weights and a card lie in assets.

    build: makes it for a number of classes, with fresh weights. preprocess: how it wants pictures.
    kinds, layout: see `ModelSpec`.
    """

    name: str
    title: str
    build: Callable[[int], nn.Module]
    preprocess: Preprocess = field(default_factory=Preprocess)
    kinds: Kinds = SPATIAL_AND_FEATURES
    layout: str = "NCHW"


ZOO: Registry[ZooNetwork] = Registry("network")


def zoo_networks() -> Registry[ZooNetwork]:
    """All networks of the zoo, by name."""
    import_all(zoo)
    return ZOO


def build_network(name: str, classes: int) -> nn.Module:
    """A fresh network of the zoo for `classes` classes; raises UnknownNameError."""
    return zoo_networks().get(name).build(classes)
