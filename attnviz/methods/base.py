"""What methods have in common: one map for each layer, from a trace or by asking the network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np
from torch import Tensor, nn

from attnviz.capture.readings import FeatureReading, GateReading, Reading, SoftMaskReading
from attnviz.capture.site import Kind
from attnviz.capture.trace import Trace
from attnviz.errors import MethodError
from attnviz.progress import Progress
from attnviz.registry import Registry
from attnviz.types import FloatArray


class Nature(StrEnum):
    """What a map is: `ATTENTION` the network computed itself, or `RELEVANCE` for a decision."""

    ATTENTION = "attention"
    RELEVANCE = "relevance"


@dataclass(frozen=True)
class LayerMaps:
    """The maps of one layer for a batch: `values` float32 [N, h, w], absolute."""

    layer: str
    values: FloatArray


class CanBeRead(Protocol):
    """What is known of a network before it runs, as `ModelSpec` has it."""

    @property
    def kinds(self) -> Collection[str]:
        """The kinds of which it has sites."""
        ...

    @property
    def layout(self) -> str:
        """The `Layout` of its last block's output."""
        ...

    @property
    def values(self) -> bool:
        """Whether the value vectors of all its self-attention can be read."""
        ...


class Described:
    """What the app needs to offer a method, as class variables of the method.

    `title` in plain words, the `paper`, its `formula`, its `nature` and the `kind` of sites it
    reads; whether it needs `gradients`, whether its values are `shares` (already in 0..1) and
    whether they are `signed` (negative: against the class); whether it takes `many_passes`, so that
    a user is asked first.
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
    many_passes: ClassVar[bool] = False

    @classmethod
    def fits(cls, network: CanBeRead) -> bool:
        """Whether it can run on that network; a method that asks for more than its kind says so."""
        return cls.kind in network.kinds


R = TypeVar("R", bound=Reading)


@dataclass(frozen=True)
class Method(Described, ABC, Generic[R]):
    """A method is a frozen dataclass: its options are fields, its work is `maps`."""

    @abstractmethod
    def readings(self, trace: Trace) -> tuple[R, ...]:
        """The readings of the trace that this method takes."""

    @abstractmethod
    def maps(self, readings: Sequence[R]) -> Sequence[Tensor]:
        """One map [N, h, w] for each reading; it sees all of them, in the order of the pass."""

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
            LayerMaps(reading.layer, one.cpu().numpy().astype(np.float32))
            for reading, one in zip(taken, self.maps(taken), strict=True)
        )


@dataclass(frozen=True)
class LayerMethod(Method[R]):
    """A method that looks at each layer by itself."""

    @abstractmethod
    def layer_map(self, reading: R) -> Tensor:
        """The map [N, h, w] of one reading."""

    def maps(self, readings: Sequence[R]) -> Sequence[Tensor]:
        """See `Method`."""
        return [self.layer_map(reading) for reading in readings]


@dataclass(frozen=True)
class MaskMethod(LayerMethod[SoftMaskReading]):
    """Base of the methods that read soft masks."""

    kind: ClassVar[Kind] = Kind.SPATIAL
    nature: ClassVar[Nature] = Nature.ATTENTION

    def readings(self, trace: Trace) -> tuple[SoftMaskReading, ...]:
        """See `Method`."""
        return trace.soft_masks


@dataclass(frozen=True)
class GateMethod(LayerMethod[GateReading]):
    """Base of the methods that read channel gates."""

    kind: ClassVar[Kind] = Kind.CHANNEL
    nature: ClassVar[Nature] = Nature.ATTENTION

    def readings(self, trace: Trace) -> tuple[GateReading, ...]:
        """See `Method`; gates behind which no feature map lies have no picture."""
        return tuple(one for one in trace.gates if one.features.ndim == 4)


@dataclass(frozen=True)
class FeatureMethod(LayerMethod[FeatureReading]):
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


@dataclass(frozen=True)
class Cost:
    """What a method sends through the network for one picture: inputs forwards, and backwards."""

    forward: int
    backward: int


@dataclass(frozen=True)
class Probed:
    """What a `ProbingMethod` found: maps, logits [N, classes], and the classes [N] they speak for.

    `target` is None for a method that knows no class.
    """

    layer_maps: tuple[LayerMaps, ...]
    logits: Tensor
    target: Tensor | None


@dataclass(frozen=True)
class ProbedEach:
    """What was found for several classes of one input: layers for each, and logits [1, classes]."""

    classes: tuple[int, ...]
    layer_maps: tuple[tuple[LayerMaps, ...], ...]
    logits: Tensor


@dataclass(frozen=True)
class ProbingMethod(Described, ABC):
    """A method that no trace can serve: it runs the network itself, most of them again and again.

    The caller holds the model's lock. Whatever happens, the network is left as it was.
    """

    many_passes: ClassVar[bool] = True

    @abstractmethod
    def cost(self, module: nn.Module, inputs: Tensor) -> Cost:
        """What `probe` will send through `module` for each input of `inputs` [N, 3, H, W].

        It takes two forward passes at most to find out.
        """

    @abstractmethod
    def probe(
        self,
        module: nn.Module,
        inputs: Tensor,
        target: int | None = None,
        progress: Progress | None = None,
    ) -> Probed:
        """The maps of `inputs` [N, 3, H, W]; `target` as in `attnviz.capture.run.capture`.

        Raises:
            MethodError: the method does not fit the network, or the target is no class of it.
            NoSitesError: the network has no block that it could look at.
        """


@dataclass(frozen=True)
class OnePassMethod(ProbingMethod):
    """A method that runs the network itself, but once: classes can share the forward pass."""

    many_passes: ClassVar[bool] = False

    @abstractmethod
    def probe_each(
        self,
        module: nn.Module,
        inputs: Tensor,
        pick: Callable[[Tensor], Sequence[int]],
        *,
        last: bool,
    ) -> ProbedEach:
        """The maps of one input [1, 3, H, W] for several classes, each as `probe` makes them.

        pick: takes the logits [1, classes] on the CPU and names the classes. last: whether the last
        layer is enough, which takes less. Raises as `probe` does.
        """


AnyMethod = Method[Any] | ProbingMethod

METHODS: Registry[type[Method[Any]] | type[ProbingMethod]] = Registry("method")


def trace_method(name: str) -> Method[Any]:
    """The method of that name with its usual options, if a trace is all it needs.

    Raises UnknownNameError for a name nobody registered, MethodError for a `ProbingMethod`.
    """
    method = METHODS.get(name)()
    if isinstance(method, ProbingMethod):
        raise MethodError(f"{name} needs more passes than one. Choose a method that reads a trace.")
    return method
