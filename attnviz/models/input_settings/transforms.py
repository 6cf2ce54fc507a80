"""What a chain of transforms does to a picture: torchvision's, of either version, and timm's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from torch import nn

from attnviz.errors import ModelError
from attnviz.models.input_settings.base import InputSettings, Sides, filter_name, numbers, pair
from attnviz.pictures.geometry import Fit

_TO_UNIT = ("ToTensor", "MaybeToTensor", "ConvertImageDtype", "ConvertDtype")
_NEUTRAL = (
    "PILToTensor", "MaybePILToTensor", "ToImage", "ToImageTensor", "ToPureTensor", "ToPILImage",
    "RGB", "Identity",
)  # fmt: skip
_RANDOM = ("Random", "ColorJitter", "AutoAugment", "RandAugment", "TrivialAugment", "AugMix")


def read_transforms(source: Any) -> InputSettings | None:
    """Read transforms of torchvision or timm, or torchvision's weights.

    Parameters
    ----------
    source
        A `Compose`, a list or an `nn.Sequential` of transforms, a preset such as
        `weights.transforms()`, or weights themselves. None is returned for anything else.

    Returns
    -------
    InputSettings or None

    Raises
    ------
    ModelError
        One of the steps is random, or does what no `Preprocess` does; the text names it.
    """
    if hasattr(source, "transforms") and hasattr(source, "meta"):  # an entry of a weights' enum
        return _preset(source.transforms(), str(source))
    if hasattr(source, "resize_size"):
        return _preset(source, f"torchvision's preset {type(source).__name__}")
    steps = list(_flat(source))
    if not steps or not all(map(callable, steps)):
        return None
    if not isinstance(source, (list, tuple)) and not _is_transform(source):
        return None
    chain = _Chain()
    for step in steps:
        chain.take(step)
    return chain.settings()


def _is_transform(source: Any) -> bool:
    """Whether it is a transform, or a sequence of them, and not a network."""
    if isinstance(source, nn.Sequential):
        return all(map(_is_transform, source))
    return ".transforms" in type(source).__module__ or hasattr(source, "transforms")


def _flat(source: Any) -> Iterator[Any]:
    """The steps of a chain, those of chains within it too."""
    inner = source if isinstance(source, (list, tuple, nn.Sequential)) else None
    inner = getattr(source, "transforms", None) if inner is None else inner
    if isinstance(inner, Iterable):
        for step in inner:
            yield from _flat(step)
    else:
        yield source


def _preset(preset: Any, origin: str) -> InputSettings:
    """One of the presets that come with torchvision's weights."""
    crop, short = (
        pair(getattr(preset, "crop_size", None)),
        pair(getattr(preset, "resize_size", None)),
    )
    return InputSettings(
        origin=origin,
        size=crop or short,
        fit=Fit.CROP if crop else Fit.WHOLE,
        resize=short if crop else None,
        mean=numbers(getattr(preset, "mean", 0.0)),
        std=numbers(getattr(preset, "std", 1.0)),
        interpolation=filter_name(getattr(preset, "interpolation", None)),
    )


@dataclass
class _Chain:
    """What the steps so far do."""

    short: Sides | None = None
    stretched: Sides | None = None
    crop: Sides | None = None
    interpolation: str | None = None
    unit: bool = False  # whether values are in 0..1, and not in 0..255
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None

    def take(self, step: Any) -> None:
        """Note what a step does; ModelError if no `Preprocess` does that."""
        name = getattr(step, "__name__", type(step).__name__)
        if name in ("Resize", "ResizeKeepRatio"):
            self._resize(step)
        elif name in ("CenterCrop", "CenterCropOrPad"):
            if self.short is None and self.stretched is None:
                raise _unreadable(
                    "cuts a picture at its own scale, without a `Resize` before", name
                )
            self.crop = pair(step.size)
        elif name == "Normalize":
            self._normalise(numbers(step.mean) or (), numbers(step.std) or ())
        elif name in _TO_UNIT or (name == "ToDtype" and step.scale):
            self.unit = True
        elif name.startswith(_RANDOM):
            raise _unreadable("changes pictures at random, as in training", name)
        elif name == "Grayscale" and step.num_output_channels != 1:
            raise _unreadable("makes several channels of grey", name)
        elif name not in (*_NEUTRAL, "Grayscale", "ToDtype") and "rgb" not in name.lower():
            raise _unreadable("is not known here", name)

    def _resize(self, step: Any) -> None:
        name, size = type(step).__name__, step.size
        if self.short or self.stretched:
            raise _unreadable("resizes what was resized before", name)
        if size is None or getattr(step, "max_size", None) or getattr(step, "longest", 0):
            raise _unreadable("resizes the longer side", name)
        both = isinstance(size, (tuple, list)) and len(size) == 2
        if both and name == "Resize":
            self.stretched = pair(size)
        else:
            self.short = pair(size)
        self.interpolation = filter_name(step.interpolation)

    def _normalise(self, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        """(x - m) / s after (x - M) / S is (x - (M + S m)) / (S s)."""
        plain = 1.0 if self.unit else 1.0 / 255.0
        count = max(len(mean), len(self.mean or ()))  # one number stands for all channels
        before, scale = _spread(self.mean or (0.0,), count), _spread(self.std or (plain,), count)
        mean, std = _spread(mean, count), _spread(std, count)
        self.mean = tuple(m + s * new for m, s, new in zip(before, scale, mean, strict=True))
        self.std = tuple(s * new for s, new in zip(scale, std, strict=True))

    def settings(self) -> InputSettings:
        resize = self.short or self.stretched
        fit = Fit.SQUASH if self.stretched else Fit.CROP if self.crop else Fit.WHOLE
        plain = 1.0 if self.unit else 1.0 / 255.0
        return InputSettings(
            origin="the transforms",
            size=self.crop or resize,
            fit=fit if resize else None,
            resize=resize if self.crop else None,
            mean=self.mean or (0.0,) * 3,
            std=self.std or (plain,) * 3,
            interpolation=self.interpolation,
        )


def _spread(values: tuple[float, ...], count: int) -> tuple[float, ...]:
    return values * count if len(values) == 1 else values


def _unreadable(what: str, name: str) -> ModelError:
    return ModelError(
        f"The step {name} of the transforms {what}, so they cannot be read. Give those of "
        "evaluation without it, or `Preprocess(size=..., mean=..., std=..., fit=...)`."
    )
