"""All networks that can be loaded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from attnviz.errors import UnknownNameError, WeightsError
from attnviz.models.spec import ModelSpec, WeightsRef
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

    A path ends in `.safetensors` and has its card beside it, as `train` writes them. `name=path`
    is the network of that name with weights from a file of the user's own, such as
    `squeezenet1_0=weights/mine.pth`. Raises UnknownNameError with the nearest names, and
    WeightsError where there is no such file.
    """
    known, given, path = name.partition("=")
    if given:
        return _with_weights(find_model(known), Path(path).expanduser())
    if name.endswith(".safetensors"):
        return trained_spec(Path(name))
    for spec in zoo_specs():  # found without the second that importing torchvision takes
        if spec.name == name:
            return spec
    specs = {spec.name: spec for spec in list_models()}
    if name not in specs:
        raise UnknownNameError("model", name, specs)
    return specs[name]


def _with_weights(spec: ModelSpec, path: Path) -> ModelSpec:
    """The network with weights from `path`, its name saying so; nothing measured holds for them."""
    if not path.is_file():
        raise WeightsError(f"There is no file {path} with weights for {spec.name}. Check the path.")
    adapt = spec.weights.adapt if spec.weights else None
    weights = WeightsRef(path.name, embedded=path, adapt=adapt)
    name = f"{spec.name} ({path.name})"
    return replace(
        spec, name=name, weights=weights, embedded=True, download_bytes=None, answers={},
        note=f"Weights from {path.name}.",
    )  # fmt: skip
