"""What every method has in common: it turns a trace into one map for each layer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Generic, TypeVar

import numpy as np
import numpy.typing as npt
from torch import Tensor

from attnviz.capture.trace import FeatureReading, Kind, Reading, SoftMaskReading, Trace
from attnviz.errors import MethodError
from attnviz.registry import Registry


class Nature(StrEnum):
    """What a map is: `ATTENTION` the network computed itself, or `RELEVANCE` for a decision."""

    ATTENTION = "attention"
    RELEVANCE = "relevance"


@dataclass(frozen=True)
class LayerMaps:
    """The maps of one layer for a batch: `values` float32 [N, h, w], absolute."""

    layer: str
    values: npt.NDArray[np.float32]


R = TypeVar("R", bound=Reading)


@dataclass(frozen=True)
class Method(ABC, Generic[R]):
    """A method is a frozen dataclass: its options are fields, its work is `layer_map`.

    The class variables say what the app needs to offer it: `title` in plain words, the `paper`, its
    `formula`, whether it needs `gradients`, whether its values are `shares` (already in 0..1) and
    whether they are `signed` (negative: against the class).
    """

    name: ClassVar[str]
    title: ClassVar[str]
    paper: ClassVar[str]
    formula: ClassVar[str]
    nature: ClassVar[Nature]
    kind: ClassVar[Kind]
    gradients: ClassVar[bool] = False
    shares: ClassVar[bool] = False
    signed: ClassVar[bool] = False

    @abstractmethod
    def layer_map(self, reading: R) -> Tensor:
        """The map [N, h, w] of one reading."""

    @abstractmethod
    def readings(self, trace: Trace) -> tuple[R, ...]:
        """The readings of the trace that this method takes."""

    def __call__(self, trace: Trace) -> tuple[LayerMaps, ...]:
        """One map for each layer and input, in the order of the trace.

        Raises MethodError if the trace holds nothing that this method takes.
        """
        taken = self.readings(trace)
        if not taken:
            raise MethodError(
                f"{self.name} reads {self.kind} sites, and this network passed none. "
                "Choose another method for it."
            )
        return tuple(
            LayerMaps(reading.layer, self.layer_map(reading).cpu().numpy().astype(np.float32))
            for reading in taken
        )


@dataclass(frozen=True)
class MaskMethod(Method[SoftMaskReading]):
    """Base of the methods that read soft masks."""

    kind: ClassVar[Kind] = Kind.SPATIAL
    nature: ClassVar[Nature] = Nature.ATTENTION

    def readings(self, trace: Trace) -> tuple[SoftMaskReading, ...]:
        """See `Method`."""
        return trace.soft_masks


@dataclass(frozen=True)
class FeatureMethod(Method[FeatureReading]):
    """Base of the methods that weigh a block's features by gradients."""

    kind: ClassVar[Kind] = Kind.FEATURES
    nature: ClassVar[Nature] = Nature.RELEVANCE
    gradients: ClassVar[bool] = True

    def readings(self, trace: Trace) -> tuple[FeatureReading, ...]:
        """See `Method`."""
        return trace.features


def needed(gradient: Tensor | None, method: str, layer: str) -> Tensor:
    """`gradient`, or MethodError if the trace was taken without gradients."""
    if gradient is None:
        raise MethodError(
            f"{method} needs gradients, and the pass kept none at {layer}. "
            "Capture again with gradients=True."
        )
    return gradient


AnyMethod = MaskMethod | FeatureMethod

METHODS: Registry[type[MaskMethod] | type[FeatureMethod]] = Registry("method")
