"""The networks that the project defines itself; each module of this package registers its own."""

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
    """Definition of a network; it can be loaded once there are trained weights and a card.

    Attributes
    ----------
    name, title
        Unique name, and the name to show.
    build
        Builds it for a number of classes, with random weights.
    preprocess
        Preprocessing of its inputs.
    kinds, layout
        See `ModelSpec`.
    """

    name: str
    title: str
    build: Callable[[int], nn.Module]
    preprocess: Preprocess = field(default_factory=Preprocess)
    kinds: Kinds = SPATIAL_AND_FEATURES
    layout: str = "NCHW"


ZOO: Registry[ZooNetwork] = Registry("network")


def zoo_networks() -> Registry[ZooNetwork]:
    """Return all networks of the zoo by name."""
    import_all(zoo)
    return ZOO


def build_network(name: str, classes: int) -> nn.Module:
    """Build a network of the zoo with random weights.

    Parameters
    ----------
    name
        Its name.
    classes
        Number of classes.

    Returns
    -------
    nn.Module

    Raises
    ------
    UnknownNameError
        The zoo has no such network.
    """
    return zoo_networks().get(name).build(classes)
