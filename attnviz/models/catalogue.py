"""The catalogue: all networks that can be loaded."""

from __future__ import annotations

import os
from pathlib import Path

from attnviz.errors import UnknownNameError, WeightsUnavailableError
from attnviz.models import lite0_source
from attnviz.models.backbones_source import backbone_specs
from attnviz.models.lens_source import NAME as LENS
from attnviz.models.lens_source import lens_specs
from attnviz.models.own_weights import with_weights
from attnviz.models.spec import ModelSpec
from attnviz.models.timm_source import timm_specs
from attnviz.models.torchvision_places_source import torchvision_places_specs
from attnviz.models.torchvision_source import torchvision_specs
from attnviz.models.words_source import missing_words, reader_names, words_specs
from attnviz.models.zoo_source import damaged_cards, trained_spec, zoo_specs
from attnviz.words import listed

MODEL_VARIABLE = "ATTNVIZ_MODEL"
_NAMED = 6


class ModelList(tuple[ModelSpec, ...]):
    """Networks; printed, it names the first."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Say how many there are."""
        names = listed([spec.name for spec in self], _NAMED, "models")
        return f"<{len(self):,} models: {names}>"


def list_models() -> ModelList:
    """List every network that can be loaded, without building or downloading any.

    Returns
    -------
    ModelList
        A tuple of `ModelSpec`: the one to begin with, the others that come along, then
        torchvision's classifiers, detectors and segmenters, timm's, and those that learned features
        and no classes.

    Raises
    ------
    Nothing for a damaged card: its network is left out, and `damaged_cards` says why.
    """
    specs = (
        *_come_along(),
        *torchvision_specs(),
        *torchvision_places_specs(),
        *timm_specs(),
        *backbone_specs(),
        *words_specs(),
    )
    wanted = os.environ.get(MODEL_VARIABLE)
    return ModelList(sorted(specs, key=lambda spec: spec.name != wanted))


def default_model() -> str:
    """Return the name of the network that is used where none is named.

    Returns
    -------
    str
        What `$ATTNVIZ_MODEL` names, or else the first that comes along: `lens` if the package of
        EfficientNet-Lite0, its trunk, is installed.
    """
    wanted = os.environ.get(MODEL_VARIABLE)
    return wanted or (_come_along() or list_models())[0].name


def missing_default() -> str:
    """Say in one sentence how the usual network is installed; empty where it is, or not wanted."""
    replaced = os.environ.get(MODEL_VARIABLE) or lite0_source.lite0_weights()
    return "" if replaced else lite0_source.MISSING


def _come_along() -> tuple[ModelSpec, ...]:
    return (*lens_specs(), *lite0_source.lite0_specs(), *zoo_specs())


def find_model(name: str) -> ModelSpec:
    """Find a network by its name, or by the path of its trained weights.

    Parameters
    ----------
    name
        A name from `list_models`; the path of a `.safetensors` file with its card beside it, as
        `attnviz train` writes them; or `name=path` for a network with the user's weights, such as
        `squeezenet1_0=weights/mine.pth`, also for another number of classes.

    Returns
    -------
    ModelSpec

    Raises
    ------
    UnknownNameError
        No network has this name; the message suggests similar ones.
    WeightsError
        There is no such file, its card is not valid, or the package with it is not installed.
    """
    base, separator, path = name.partition("=")
    if separator:
        return with_weights(find_model(base), Path(path).expanduser())
    if name.endswith(".safetensors"):
        return trained_spec(Path(name))
    for spec in zoo_specs():  # first, because importing torchvision takes a second
        if spec.name == name:
            return spec
    specs = {spec.name: spec for spec in list_models()}
    if name in (lite0_source.NAME, LENS) and name not in specs:
        raise WeightsUnavailableError(lite0_source.MISSING)
    if name in reader_names() and name not in specs:
        raise WeightsUnavailableError(f"{name} is not here. {missing_words()}")
    if name not in specs and (problem := damaged_cards().get(name)) is not None:
        raise problem
    if name not in specs:
        raise UnknownNameError("model", name, specs)
    return specs[name]
