"""Base of all methods: from the inference of a network to one map for each layer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar, Protocol

from torch import Tensor

from attnviz.capture.site import Kind
from attnviz.errors import MethodError
from attnviz.methods.inference import Cost, Inference, MethodResult
from attnviz.registry import Registry


class Nature(StrEnum):
    """What a map is.

    Attributes
    ----------
    ATTENTION
        What the network computed itself.
    RELEVANCE
        How much a region counts for a score.
    SIMILARITY
        How alike features are, whatever is decided by them.
    """

    ATTENTION = "attention"
    RELEVANCE = "relevance"
    SIMILARITY = "similarity"


class NetworkTraits(Protocol):
    """What is known of a network before it runs; `ModelSpec` implements it."""

    @property
    def kinds(self) -> Collection[str]:
        """The kinds of its sites."""
        ...

    @property
    def layout(self) -> str:
        """The `Layout` of its last block's output."""
        ...

    @property
    def values(self) -> bool:
        """Whether the value vectors of all its self-attention can be read."""
        ...

    @property
    def class_masks(self) -> bool:
        """Whether it has a soft mask for any class it is asked for."""
        ...

    @property
    def has_classes(self) -> bool:
        """Whether it names classes, as far as is known before it runs."""
        ...

    @property
    def decides(self) -> bool:
        """Whether something can be asked of what it decides: a class, or what it finds."""
        ...

    @property
    def finds_things(self) -> bool:
        """Whether it returns boxes or masks of things."""
        ...


ChooseClasses = Callable[[Tensor], Sequence[int]]
"""From logits float32 [1, classes] on the CPU to the indices of classes."""


@dataclass(frozen=True)
class Method(ABC):
    """Base of all methods: a frozen dataclass whose fields are the method's options.

    A subclass describes itself in class variables. They are all that the app, the command line and
    the documentation know of a method, so a new method is one file that calls `METHODS.add`.

    Attributes
    ----------
    name
        Unique name, by which users choose the method.
    title
        Name in plain words, for the app.
    paper
        Authors, venue, year and identifier.
    formula
        One line of text.
    nature
        Attention or relevance, which decides the question that it answers, or similarity.
    kind
        Kind of the sites that the method reads; None if it needs scores alone.
    needs
        What a network must have for it, in words, if that is more than sites of the kind.
    gradients
        Whether it takes a backward pass.
    shares
        Whether its values are in 0..1.
    signed
        Whether negative values count against the class.
    classless
        Whether it shows relevance, but the same map for every class.
    needs_class
        Whether it knows the weights of classes, and so explains classes alone and no other score.
    many_passes
        Whether it runs the network so often that users must confirm first.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    paper: ClassVar[str]
    formula: ClassVar[str]
    nature: ClassVar[Nature]
    kind: ClassVar[Kind | None]
    needs: ClassVar[str] = ""
    gradients: ClassVar[bool] = False
    shares: ClassVar[bool] = False
    signed: ClassVar[bool] = False
    classless: ClassVar[bool] = False
    needs_class: ClassVar[bool] = False
    many_passes: ClassVar[bool] = False

    @classmethod
    def fits(cls, network: NetworkTraits) -> bool:
        """Return whether the method can run on a network.

        Parameters
        ----------
        network
            Its traits; `ModelSpec` has them.

        Returns
        -------
        bool
            Whether the network has sites of the method's kind; some methods need more, and others
            none at all.
        """
        return cls.kind is None or cls.kind in network.kinds

    @classmethod
    def suits(cls, network: NetworkTraits) -> bool:
        """Return whether the method can run on a network, and needs no class that it lacks.

        Parameters
        ----------
        network
            Its traits; `ModelSpec` has them.

        Returns
        -------
        bool
            Whether it fits, and explains no decision where the network takes none. What detectors
            and segmenters find has a score, but no weights of a class.
        """
        scored = network.has_classes if cls.needs_class else network.decides
        return cls.fits(network) and (scored or not cls.depends_on_score())

    @classmethod
    def depends_on_score(cls) -> bool:
        """Return whether its maps depend on which score is explained: relevance mostly does."""
        return cls.nature is Nature.RELEVANCE and not cls.classless

    @abstractmethod
    def cost(self, inference: Inference) -> Cost:
        """Return what `run` will send through the network for each input.

        Parameters
        ----------
        inference
            As for `run`. Finding the cost takes up to three passes.

        Returns
        -------
        Cost
            Inputs of forward and backward passes.
        """

    @abstractmethod
    def run(self, inference: Inference) -> MethodResult:
        """Run the network and return the maps of all layers.

        Whatever happens, the network is left as it was.

        Parameters
        ----------
        inference
            The network, its inputs, and the class to explain.

        Returns
        -------
        MethodResult
            Maps of every layer, logits, and the classes explained.

        Raises
        ------
        MethodError
            The method does not fit the network.
        UnknownClassError
            The target is not one of its classes.
        NoSitesError
            The network has nothing that the method could read.
        """

    def run_for_classes(
        self, inference: Inference, choose: ChooseClasses, layer: str | None = None
    ) -> tuple[MethodResult, ...]:
        """Return the maps of several classes for one input, each as `run` makes them.

        Here the method runs once for each class; subclasses share the forward pass if they can.

        Parameters
        ----------
        inference
            Of one input [1, 3, H, W]. The `target` should be one of the chosen classes, or None if
            the most probable class is one of them: that run is then used.
        choose
            Chooses the classes by their logits.
        layer
            The only layer that is needed, `FUSED` for all, or None for the last informative one;
            the result may hold less than all layers.

        Returns
        -------
        tuple of MethodResult
            One for each class, in the order of `choose`.

        Raises
        ------
        MethodError
            As `run`, and for a method that makes the same map for every class.
        """
        del layer
        first = self.run(inference)
        if first.target is None:
            raise MethodError(
                f"{self.title} makes the same map for every class. Choose another method."
            )
        known = {int(first.target[0]): first}
        return tuple(
            known[index] if index in known else self.run(replace(inference, target=index))
            for index in choose(first.logits)
        )

    def contested(self, results: tuple[MethodResult, ...]) -> tuple[MethodResult, ...]:
        """Return the maps of targets that compete; they stay as they are, unless a method can tell.

        Parameters
        ----------
        results
            For one input, one for each of several targets, from `run_for_classes`.

        Returns
        -------
        tuple of MethodResult
            In the same order.
        """
        return results


METHODS: Registry[type[Method]] = Registry("method")
