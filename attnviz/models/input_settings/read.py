"""Read what anything says of a network's inputs."""

from __future__ import annotations

from typing import Any

from attnviz.errors import ModelError
from attnviz.models.input_settings.base import InputSettings
from attnviz.models.input_settings.processor import read_processor
from attnviz.models.input_settings.timm_config import read_timm
from attnviz.models.input_settings.transforms import read_transforms

_READERS = (read_timm, read_processor, read_transforms)


def read_settings(source: Any) -> InputSettings:
    """Read transforms, torchvision's weights, timm's configuration, or an image processor.

    Parameters
    ----------
    source
        One of these.

    Returns
    -------
    InputSettings

    Raises
    ------
    ModelError
        It is none of these, or does what no `Preprocess` does.
    """
    for read in _READERS:
        found = read(source)
        if found is not None:
            return found
    raise ModelError(
        f"No preprocessing can be read from {type(source).__name__}. Give transforms of "
        "torchvision or timm, weights of torchvision, a network's `pretrained_cfg` or an image "
        "processor, or write `Preprocess(size=..., mean=..., std=..., fit=...)`."
    )
