"""Find out which inputs a network takes, and how its classes are called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from torch import nn

from attnviz.models.input_settings.base import InputSettings
from attnviz.models.module_inputs.base import ModuleInputs, output_count
from attnviz.models.module_inputs.grid import fixed_sides, patch_side
from attnviz.models.module_inputs.hugging_face_module import read_hugging_face_module
from attnviz.models.module_inputs.timm_module import read_timm_module
from attnviz.models.module_inputs.torchvision_module import read_torchvision_module

_READERS = (read_timm_module, read_hugging_face_module, read_torchvision_module)
_SHARE = 0.5  # of all weights that a part must have to be the network


def read_module(module: nn.Module) -> ModuleInputs:
    """Read what a network, or the network inside it, says of its inputs and classes.

    Parameters
    ----------
    module
        Any network. Nothing is run, downloaded or changed.

    Returns
    -------
    ModuleInputs
        Of a network that no library made: the size for which it has positions, if any.

    Raises
    ------
    ModelError
        Its settings ask for what no `Preprocess` does.
    """
    for part in _main_parts(module):
        for read in _READERS:
            found = read(part)
            if found is not None:
                same = len(found.labels) == output_count(module)
                return found if same else replace(found, labels=())
    patch = patch_side(module)
    return ModuleInputs(InputSettings(origin=""), (), fixed_sides(module, patch), patch, sure=False)


def _main_parts(module: nn.Module) -> Iterator[nn.Module]:
    """A network, and parts of it that hold most of its weights, as behind a wrapper."""
    yield module
    whole = sum(weight.numel() for weight in module.parameters())
    for part in module.children():
        if sum(weight.numel() for weight in part.parameters()) > _SHARE * whole:
            yield from _main_parts(part)
