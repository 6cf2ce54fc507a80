"""What a network of another library says of its inputs and classes."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from attnviz.models.input_settings.base import InputSettings, Sides


@dataclass(frozen=True)
class ModuleInputs:
    """What is known of a network's inputs, and of its classes.

    Attributes
    ----------
    settings
        Of the library that made it.
    labels
        Name of each class; empty if they are not known, or the network has others.
    fixed
        (height, width) in pixels of the only inputs that it takes; None for any size.
    patch
        Side of its patches in pixels; None without patches.
    sure
        Whether these are the settings of this network, and not those that are usual for its kind.
    """

    settings: InputSettings
    labels: tuple[str, ...] = ()
    fixed: Sides | None = None
    patch: int | None = None
    sure: bool = True


def head_of(module: nn.Module) -> nn.Linear | nn.Conv2d | None:
    """Return the last layer with weights from features to classes, as they are registered."""
    last = reversed(list(module.modules()))
    return next((part for part in last if isinstance(part, (nn.Linear, nn.Conv2d))), None)


def output_count(module: nn.Module) -> int | None:
    """Return how many numbers a network returns, as far as its last layer says it."""
    head = head_of(module)
    return None if head is None else layer_outputs(head)


def layer_outputs(layer: nn.Module) -> int | None:
    """Return how many numbers a linear layer or a convolution returns; None of any other."""
    if isinstance(layer, nn.Linear):
        return layer.out_features
    return layer.out_channels if isinstance(layer, nn.Conv2d) else None
