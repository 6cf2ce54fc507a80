"""Networks of torchvision, which carry no settings: they are told by their class and their size."""

from __future__ import annotations

import typing
from dataclasses import replace
from functools import cache
from typing import Any

from torch import nn

from attnviz.models.input_settings.base import InputSettings, Sides
from attnviz.models.input_settings.transforms import read_transforms
from attnviz.models.module_inputs.base import ModuleInputs, head_of, output_count
from attnviz.models.module_inputs.grid import fixed_sides, patch_side

_HOME = "torchvision.models."
_STEM_OF_MAXVIT = 4  # its stem and its first block halve the input


def read_torchvision_module(module: nn.Module) -> ModuleInputs | None:
    """Read a network of torchvision by the default weights of its architecture.

    The architecture is that of the same class with as many parameters before the last layer. Where
    there is none, as in a network of one's own size, what is usual for the class is taken.

    Parameters
    ----------
    module
        Anything; None is returned for what is not torchvision's.

    Returns
    -------
    ModuleInputs or None
    """
    home = next((one for one in type(module).__mro__ if one.__module__.startswith(_HOME)), None)
    if home is None:
        return None
    of_class = _weights_by_class().get(home)
    if not of_class:
        return None
    size = _parameters_before_head(module)
    same = [one for one in of_class if size is not None and _trunk(one, size[1]) == size[0]]
    chosen = _default(same) if same else of_class[0]
    settings = read_transforms(chosen)
    assert settings is not None
    fixed = _fixed(module)
    if same:
        settings = replace(settings, origin=f"torchvision's {settings.origin}, by its size")
    else:
        settings = _usual(home.__name__, [read_transforms(one) for one in of_class])
    labels = labels_of_weights(module, chosen) if same else ()
    return ModuleInputs(settings, labels, fixed, patch_side(module), sure=bool(same))


def labels_of_weights(module: nn.Module, weights: Any) -> tuple[str, ...]:
    """Return the names of the classes of weights, if a network has as many classes.

    Parameters
    ----------
    module
        A network.
    weights
        An entry of one of torchvision's enumerations of weights.

    Returns
    -------
    tuple of str
        Empty where the network has another number of outputs.
    """
    names = tuple(weights.meta.get("categories") or ())
    return names if len(names) == output_count(module) else ()


@cache
def _weights_by_class() -> dict[type, list[Any]]:
    """Weights of all classifiers, under the classes of their networks, defaults first."""
    from torchvision import models  # here already, as the module is

    found: dict[type, list[Any]] = {}
    for name in models.list_models(module=models):
        home = typing.get_type_hints(models.get_model_builder(name)).get("return")
        if isinstance(home, type):
            entries = list(models.get_model_weights(name))
            default = models.get_model_weights(name).DEFAULT
            found.setdefault(home, []).extend(sorted(entries, key=lambda one: one is not default))
    return found


def _parameters_before_head(module: nn.Module) -> tuple[int, int] | None:
    """How many parameters stand before a network's last layer, and how many features it takes."""
    head = head_of(module)
    if head is None:
        return None
    features = head.in_features if isinstance(head, nn.Linear) else head.in_channels
    own = sum(weight.numel() for weight in head.parameters())
    return sum(weight.numel() for weight in module.parameters()) - own, features


def _trunk(weights: Any, features: int) -> int:
    """Parameters of the network of some weights without its last layer, which takes `features`."""
    classes = len(weights.meta.get("categories") or ()) or 1000
    return int(weights.meta["num_params"]) - (features + 1) * classes


def _default(entries: list[Any]) -> Any:
    """The default among weights of one architecture: torchvision names it twice."""
    return next((one for one in entries if one is type(one).DEFAULT), entries[0])


def _usual(kind: str, found: list[InputSettings | None]) -> InputSettings:
    """What all weights of a class have in common."""
    known = [one for one in found if one is not None]
    settings = InputSettings(origin=f"what is usual for torchvision's {kind}")
    first = known[0]
    if all(one.size == first.size for one in known):
        settings = replace(settings, size=first.size, fit=first.fit, resize=first.resize)
    ordinary = max(known, key=lambda one: sum(one.mean == other.mean for other in known))
    return replace(
        settings, mean=ordinary.mean, std=ordinary.std, interpolation=first.interpolation
    )


def _fixed(module: Any) -> Sides | None:
    """The only size that a network takes: a ViT says it, MaxViT has a grid of that size."""
    grid = [getattr(block, "grid_size", None) for block in getattr(module, "blocks", ())][:1]
    if grid and grid[0]:
        return grid[0][0] * _STEM_OF_MAXVIT, grid[0][1] * _STEM_OF_MAXVIT
    return fixed_sides(module, patch_side(module))
