"""What timm says of a network's inputs: its `pretrained_cfg`, or what it makes of that."""

from __future__ import annotations

import math
from typing import Any

from attnviz.errors import ModelError
from attnviz.models.entries import entry
from attnviz.models.input_settings.base import InputSettings, filter_name, numbers, pair
from attnviz.pictures.geometry import Fit

_CROP = 0.875  # timm's own default
_FITS = {"center": Fit.CROP, "squash": Fit.SQUASH}


def read_timm(source: Any) -> InputSettings | None:
    """Read a network of timm, its configuration, or what `resolve_data_config` returns.

    Parameters
    ----------
    source
        Anything; None is returned for what is not timm's.

    Returns
    -------
    InputSettings or None

    Raises
    ------
    ModelError
        It frames pictures in borders, or names no known interpolation.
    """
    config = entry(source, "pretrained_cfg") or entry(source, "default_cfg") or source
    size = entry(config, "input_size")
    if not isinstance(size, (tuple, list)) or len(size) != 3:
        return None
    mode = entry(config, "crop_mode") or "center"
    if mode not in _FITS:
        raise ModelError(
            f"timm's configuration asks for the crop mode {mode!r}, which is not known here. Give "
            "`Preprocess(size=..., mean=..., std=..., fit=...)`."
        )
    share = entry(config, "crop_pct") or _CROP
    sides = pair(size[1:])
    assert sides is not None
    name = entry(config, "architecture")
    return InputSettings(
        origin=f"timm's settings of {name}" if name else "timm's settings",
        size=sides,
        fit=_FITS[mode],
        resize=(math.floor(sides[0] / share), math.floor(sides[1] / share)),
        mean=numbers(entry(config, "mean")),
        std=numbers(entry(config, "std")),
        interpolation=filter_name(entry(config, "interpolation") or "bicubic"),
    )
