"""The catalogue: all networks that can be loaded."""

from __future__ import annotations

from pathlib import Path

from attnviz.errors import UnknownNameError
from attnviz.models.own_weights import with_weights
from attnviz.models.spec import ModelSpec
from attnviz.models.timm_source import timm_specs
from attnviz.models.torchvision_source import torchvision_specs
from attnviz.models.zoo_source import trained_spec, zoo_specs


def list_models() -> tuple[ModelSpec, ...]:
    """List every network that can be loaded, without building or downloading any.

    Returns
    -------
    tuple of ModelSpec
        The networks shipped with the package, then torchvision's, then timm's.

    Raises
    ------
    WeightsError
        The card of a shipped network is not valid.
    """
    return (*zoo_specs(), *torchvision_specs(), *timm_specs())


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
        There is no such file, or its card is not valid.
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
    if name not in specs:
        raise UnknownNameError("model", name, specs)
    return specs[name]
