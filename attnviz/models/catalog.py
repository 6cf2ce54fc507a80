"""All networks that can be loaded."""

from __future__ import annotations

from pathlib import Path

from attnviz.errors import UnknownNameError
from attnviz.models.spec import ModelSpec
from attnviz.models.timm_source import timm_specs
from attnviz.models.torchvision_source import torchvision_specs
from attnviz.models.zoo_source import trained_spec, zoo_specs


def list_models() -> tuple[ModelSpec, ...]:
    """Every network that can be loaded: those that come along, torchvision's, then timm's.

    Nothing is built, opened or downloaded but the cards of the weights that come along.
    """
    return (*zoo_specs(), *torchvision_specs(), *timm_specs())


def find_model(name: str) -> ModelSpec:
    """The network named `name`, or the one whose trained weights lie at that path.

    A path ends in `.safetensors` and has its card beside it, as `train` writes them. Raises
    UnknownNameError with the nearest names.
    """
    if name.endswith(".safetensors"):
        return trained_spec(Path(name))
    for spec in zoo_specs():  # found without the second that importing torchvision takes
        if spec.name == name:
            return spec
    specs = {spec.name: spec for spec in list_models()}
    if name not in specs:
        raise UnknownNameError("model", name, specs)
    return specs[name]
