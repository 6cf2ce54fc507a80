"""Networks of Hugging Face, which carry a configuration, and whose processor may be here."""

from __future__ import annotations

from typing import Any

from torch import nn

from attnviz.models.input_settings.base import InputSettings, pair
from attnviz.models.input_settings.processor import read_processor
from attnviz.models.module_inputs.base import ModuleInputs
from attnviz.models.module_inputs.grid import has_positions, patch_side
from attnviz.models.preprocess import CLIP_MEAN, CLIP_STD, HALF
from attnviz.pictures.geometry import Fit

_HALVES, _CLIP = (HALF, HALF), (CLIP_MEAN, CLIP_STD)
# How the published weights of these kinds were trained; all others by ImageNet's mean.
_NORMALISATION = {
    **dict.fromkeys(("vit", "beit", "data2vec-vision", "mobilenet_v1", "mobilenet_v2"), _HALVES),
    **dict.fromkeys(("siglip", "siglip_vision_model", "siglip2", "siglip2_vision_model"), _HALVES),
    **dict.fromkeys(("clip", "clip_vision_model", "chinese_clip", "blip", "metaclip_2"), _CLIP),
}
_INTERPOLATE = ("dinov2", "dinov2_with_registers")  # their positions, to any input
_UNNAMED = "LABEL_"


def read_hugging_face_module(module: nn.Module) -> ModuleInputs | None:
    """Read a network by its image processor, if that lies on this computer, and its configuration.

    Parameters
    ----------
    module
        Anything; None is returned for what is not of Hugging Face.

    Returns
    -------
    ModuleInputs or None
        Nothing is downloaded. Without the processor, mean and deviation are those that are usual
        for networks of its kind.

    Raises
    ------
    ModelError
        The processor does what no `Preprocess` does.
    """
    config: Any = getattr(module, "config", None)
    kind = getattr(config, "model_type", None)
    if not isinstance(kind, str):
        return None
    settings = _local_processor(config)
    sure = settings is not None
    vision = getattr(config, "vision_config", config)
    size = getattr(vision, "image_size", None)
    sides = pair(size) if isinstance(size, (int, tuple, list)) else None
    if settings is None:
        mean, std = _NORMALISATION.get(kind, (None, None))
        settings = InputSettings(
            origin=f"what is usual for networks of the kind {kind!r}",
            size=sides,
            fit=Fit.SQUASH if sides else None,
            mean=mean,
            std=std,
            interpolation="bilinear" if sides else None,
        )
    free = kind in _INTERPOLATE or not has_positions(module)
    patch = patch_side(module) or _patch(vision)
    return ModuleInputs(settings, _labels(config), None if free else sides, patch, sure)


def has_processor(module: nn.Module) -> bool:
    """Return whether the image processor of a network of Hugging Face lies on this computer."""
    known = read_hugging_face_module(module)
    return known is not None and known.sure


def _patch(config: Any) -> int | None:
    """The side of patches that a layer without a convolution makes."""
    size = getattr(config, "patch_size", None)
    return size if isinstance(size, int) and size > 8 else None


def _labels(config: Any) -> tuple[str, ...]:
    names = getattr(config, "id2label", None) or {}
    ordered = [str(names[key]) for key in sorted(names, key=int)]
    return () if any(name.startswith(_UNNAMED) for name in ordered) else tuple(ordered)


def _local_processor(config: Any) -> InputSettings | None:
    """The image processor that was downloaded or stored with a network; None if it is not here."""
    name = getattr(config, "_name_or_path", "")
    if not name:
        return None
    from transformers import AutoImageProcessor  # here already, as the module is

    load: Any = AutoImageProcessor.from_pretrained
    try:
        processor = load(name, local_files_only=True, trust_remote_code=False)
    except Exception:  # there is none, or it needs what is not installed
        return None
    return read_processor(processor)
