"""The catalogue: all networks that can be loaded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from attnviz.errors import UnknownNameError, WeightsError
from attnviz.models.spec import ModelSpec, WeightsRef
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
        `squeezenet1_0=weights/mine.pth`.

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
        return _with_weights(find_model(base), Path(path).expanduser())
    if name.endswith(".safetensors"):
        return trained_spec(Path(name))
    for spec in zoo_specs():  # first, because importing torchvision takes a second
        if spec.name == name:
            return spec
    specs = {spec.name: spec for spec in list_models()}
    if name not in specs:
        raise UnknownNameError("model", name, specs)
    return specs[name]


def _with_weights(spec: ModelSpec, path: Path) -> ModelSpec:
    """The network with the user's weights; what was measured for the published ones is dropped."""
    if not path.is_file():
        raise WeightsError(f"There is no file {path} with weights for {spec.name}. Check the path.")
    adapt = spec.weights.adapt if spec.weights else None
    weights = WeightsRef(path.name, embedded=path, adapt=adapt)
    name = f"{spec.name} ({path.name})"
    return replace(
        spec, name=name, weights=weights, embedded=True, download_bytes=None, answers={},
        note=f"Weights from {path.name}.",
    )  # fmt: skip
