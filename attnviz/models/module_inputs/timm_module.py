"""Networks of timm, which carry the settings of their weights."""

from __future__ import annotations

from typing import Any

from torch import nn

from attnviz.models.entries import entry
from attnviz.models.input_settings.timm_config import read_timm
from attnviz.models.module_inputs.base import ModuleInputs
from attnviz.models.module_inputs.grid import fixed_sides, interpolates, patch_side
from attnviz.models.torchvision_source import imagenet_labels


def read_timm_module(module: nn.Module) -> ModuleInputs | None:
    """Read a network of timm, with the size for which it was built and its classes.

    Parameters
    ----------
    module
        Anything; None is returned for what is not timm's.

    Returns
    -------
    ModuleInputs or None

    Raises
    ------
    ModelError
        As `read_timm`.
    """
    config: Any = getattr(module, "pretrained_cfg", None)
    settings = read_timm(module) if config else None
    if settings is None:
        return None
    patch = patch_side(module)
    fixed = fixed_sides(module, patch)
    if fixed is None and entry(config, "fixed_input_size") and not interpolates(module):
        fixed = settings.size
    return ModuleInputs(settings, _labels(module, config), fixed, patch)


def _labels(module: Any, config: Any) -> tuple[str, ...]:
    """Names of the classes: those of the configuration, or of the part of ImageNet with as many."""
    count = getattr(module, "num_classes", None)
    names, described = entry(config, "label_names"), entry(config, "label_descriptions") or {}
    if names and len(names) == count:
        return tuple(str(described.get(name, name)) for name in names)
    if not count or entry(config, "num_classes") != count:
        return ()
    if count == len(imagenet_labels()):
        return imagenet_labels()
    from timm.data.imagenet_info import ImageNetInfo, infer_imagenet_subset  # already imported

    subset = infer_imagenet_subset(module)
    return () if subset is None else tuple(ImageNetInfo(subset).label_descriptions())
