"""The preprocessing and the labels of a wrapped network, as far as they can be inferred."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from attnviz.errors import ModelError
from attnviz.models.input_settings.base import Sides
from attnviz.models.input_settings.checks import checked_pixels
from attnviz.models.input_settings.transforms import read_transforms
from attnviz.models.module_inputs.base import ModuleInputs
from attnviz.models.module_inputs.grid import input_channels, normalises
from attnviz.models.module_inputs.read import read_module
from attnviz.models.module_inputs.torchvision_module import labels_of_weights
from attnviz.models.outputs.infer import own_preprocess
from attnviz.models.preprocess import Preprocess
from attnviz.models.resized import resized_copy
from attnviz.models.vision_model import VisionModel
from attnviz.pictures.geometry import Fit

_REMEDY = "Give `wrap` a `preprocess` if that is wrong."


@dataclass(frozen=True)
class Inferred:
    """What a network gets and how its classes are called, with a sentence about what was inferred.

    Attributes
    ----------
    preprocess
        Of its inputs.
    labels
        Name of each class; may be empty.
    note
        A sentence for the user; empty where everything was given.
    module
        A copy of the network for the size that was given; None if it takes that size itself.
    """

    preprocess: Preprocess
    labels: tuple[str, ...]
    note: str = ""
    module: nn.Module | None = None


def infer_inputs(
    module: nn.Module,
    name: str,
    *,
    preprocess: Any = None,
    weights: Any = None,
    processor: Any = None,
    channels: int | None = None,
) -> Inferred:
    """Find the preprocessing of a network, from what is given or from itself.

    Parameters
    ----------
    module
        The network; it is not run.
    name
        What sentences call it.
    preprocess
        A `Preprocess`, or anything that `Preprocess.of` reads.
    weights
        Torchvision's weights, as an entry of their enumeration or by their full name.
    processor
        Hugging Face's image processor.
    channels
        How many channels it takes; its first convolution says it if None.

    Returns
    -------
    Inferred

    Raises
    ------
    ModelError
        What is given cannot be read, more than one of them is given, or it is for another number
        of channels.
    """
    given = [one for one in (preprocess, weights, processor) if one is not None]
    if len(given) > 1:
        raise ModelError(
            "`wrap` takes one of `preprocess`, `weights` and `processor`: each says what the "
            "network gets."
        )
    known = read_module(module)
    labels = known.labels
    if weights is not None:
        weights = _entry(weights)
        labels = labels_of_weights(module, weights)
    if not given and (own := own_preprocess(module)) is not None:
        told = (
            f"What {name} gets is read from the transform inside it: {own.described()}. {_REMEDY}"
        )
        return Inferred(own, labels, told)
    if not given:
        made = _fitted(Preprocess(**known.settings.options()), known)
        if normalises(module):
            made = made.unnormalised()
        made = _for_channels(made, module, channels)
        return Inferred(made, labels, _note(name, made, known))
    made = Preprocess.of(weights if weights is not None else given[0])
    if preprocess is not None:
        if channels not in (None, made.channels):
            raise ModelError(
                f"`preprocess` is for {made.channels} channels, and `channels` says {channels}. "
                "Give it a `mean` and a `std` of as many numbers."
            )
        return _as_asked(module, name, Inferred(_in_patches(made, known), labels), known)
    return Inferred(_for_channels(_fitted(made, known), module, channels), labels)


def _as_asked(module: nn.Module, name: str, asked: Inferred, known: ModuleInputs) -> Inferred:
    """With a copy of the network for the size that was asked for, where it has positions."""
    made = asked.preprocess
    if made.fit is Fit.WHOLE or known.fixed is None or known.fixed == made.sides:
        return asked
    if any(side % (known.patch or 1) for side in made.sides):  # the border would be left out
        return asked
    copied = resized_copy(module, made.sides)
    if copied is None:
        return asked
    height, width = made.sides
    return replace(
        asked,
        preprocess=replace(made, any_size=False),
        module=copied,
        note=f"A copy of {name} was made for inputs of {width} x {height} pixels: its position "
        f"embeddings, which are for {known.fixed[1]} x {known.fixed[0]}, are interpolated.",
    )


def _entry(weights: Any) -> Any:
    """An entry of torchvision's weights, also by its name."""
    if isinstance(weights, str):
        from torchvision import models

        try:
            return models.get_weight(weights)
        except (ValueError, KeyError, AttributeError) as error:
            raise ModelError(
                f"torchvision has no weights {weights!r}. Give an entry such as "
                '`ResNet50_Weights.IMAGENET1K_V2`, or its name "ResNet50_Weights.IMAGENET1K_V2".'
            ) from error
    if read_transforms(weights) is None or not hasattr(weights, "meta"):
        raise ModelError(
            f"`weights` is an entry of torchvision's weights, not {type(weights).__name__}. Give "
            "transforms, a configuration or a `Preprocess` as `preprocess`."
        )
    return weights


def _fitted(preprocess: Preprocess, known: ModuleInputs) -> Preprocess:
    """With the only size that a network takes, or with a size in whole patches."""
    if known.fixed is not None:
        return _only_at(_in_patches(preprocess, known), known.fixed)
    preprocess = _in_patches(preprocess, known)
    if known.patch and preprocess.fit is not Fit.WHOLE:
        height, width = (
            max(round(side / known.patch), 1) * known.patch for side in preprocess.sides
        )
        return preprocess.at((height, width))
    return preprocess


def _only_at(preprocess: Preprocess, sides: Sides) -> Preprocess:
    """For inputs of one size alone, onto which whole pictures are squashed."""
    fit = Fit.SQUASH if preprocess.fit is Fit.WHOLE else preprocess.fit
    return replace(preprocess.at(sides), fit=fit, any_size=False)


def _in_patches(preprocess: Preprocess, known: ModuleInputs) -> Preprocess:
    """With sides that patches fill."""
    if known.patch is None or preprocess.multiple % known.patch == 0:
        return preprocess
    return replace(preprocess, multiple=known.patch)


def _for_channels(preprocess: Preprocess, module: nn.Module, given: int | None) -> Preprocess:
    """With a mean and deviation for each channel that a network takes."""
    channels = (
        input_channels(module) if given is None else checked_pixels("channels", given, pairs=False)
    )
    if not isinstance(channels, int) or channels == preprocess.channels:
        return preprocess
    mean, std = (sum(each) / len(each) for each in (preprocess.mean, preprocess.std))
    if channels == 4 and preprocess.channels == 3:
        return replace(preprocess, mean=(*preprocess.mean, mean), std=(*preprocess.std, std))
    return replace(preprocess, mean=(mean,) * channels, std=(std,) * channels)


def found_by_trying(model: VisionModel, sides: Sides) -> None:
    """Give a network whose inferred preprocessing was wrong another size, and tell so.

    Parameters
    ----------
    model
        As `wrap` returned it; its preprocessing and notes are replaced.
    sides
        (height, width) in pixels of an input on which it runs.
    """
    preprocess = _only_at(model.preprocess, sides)
    model.spec = replace(model.spec, preprocess=preprocess)
    model.inferred = False
    model.notes = (
        f"What {model.name} gets was found by trying: {preprocess.described()}. {_REMEDY}",
    )


def _note(name: str, preprocess: Preprocess, known: ModuleInputs) -> str:
    """What is told of an inferred preprocessing."""
    if known.sure:
        return (
            f"What {name} gets is read from {known.settings.origin}: {preprocess.described()}. "
            f"{_REMEDY}"
        )
    why = known.settings.origin or "what is usual, because nothing in it says more"
    return f"What {name} gets is {why}: {preprocess.described()}. {_REMEDY}"
