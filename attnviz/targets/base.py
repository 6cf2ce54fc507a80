"""Base of all targets: a question that becomes one differentiable score per picture."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Self

from torch import Tensor

from attnviz.capture.candidates import Candidates
from attnviz.capture.site import Kind
from attnviz.errors import TargetError
from attnviz.methods.base import Method
from attnviz.methods.inference import Inference
from attnviz.models.scores import ScoreKind
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.pictures.geometry import PictureGeometry
from attnviz.registry import Registry


class Part(StrEnum):
    """What a part of a question is, so that a page can let users choose it.

    Attributes
    ----------
    CLASS
        A class of the network.
    FOUND_CLASS
        A class of the network, or None for that of what is found there.
    TEXT
        A line of text.
    SHARE
        A number in 0..1, of the picture's width or height.
    PICTURE
        Another picture.
    MASK
        The positions of the picture that are meant, bool [h, w].
    """

    CLASS = "class"
    FOUND_CLASS = "class found there"
    TEXT = "text"
    SHARE = "share"
    PICTURE = "picture"
    MASK = "mask"


@dataclass(frozen=True, eq=False)
class Passed:
    """What one pass left, from which a target computes its score.

    Attributes
    ----------
    output
        What the network returned, as it is.
    logits
        float [N, classes]; None where the output holds none.
    features
        float [N, C, h, w], the output of the last block; None unless a target asks for it.
    geometry
        How the inputs were taken from the picture.
    candidates
        What a detector weighed before it chose; None of networks that do not say it.
    """

    output: Any
    logits: Tensor | None
    features: Tensor | None
    geometry: PictureGeometry
    candidates: Candidates | None = None

    @property
    def block_features(self) -> Tensor:
        """The features, of a target that `reads_features`, in float32 at least."""
        if self.features is None:
            raise RuntimeError("a target reads features without saying so")
        return self.features.float() if self.features.itemsize < 4 else self.features


Scorer = Callable[[Passed], Tensor]
"""From a pass over N inputs to a score [N], differentiable."""


@dataclass(frozen=True)
class TextContext:
    """What the text of a target may name.

    Attributes
    ----------
    labels
        The classes of the network, in order; may be empty.
    open_picture
        Opens another picture by its name; None where a text may name none.
    """

    labels: Sequence[str] = ()
    open_picture: Callable[[str], Picture] | None = field(default=None)


@dataclass(frozen=True)
class Target(ABC):
    """Base of all targets: a frozen dataclass whose fields are what is asked.

    A subclass describes itself in class variables and calls `TARGETS.add`. Python, the command
    line, links, provenance and the pages know no more of it, so a new kind is one file.

    Attributes
    ----------
    name
        Unique name: the prefix of its text, as in `contrast:cat|dog`.
    title
        What is asked for, after "a model can be asked for".
    parts
        What users choose on a page, by field; empty for what can only be asked in Python.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    parts: ClassVar[Mapping[str, Part]] = {}

    def score_kind(self, model: VisionModel) -> ScoreKind:
        """Return how a model's score is read: `SIGMOID` for log-odds, `NONE` for a value."""
        del model
        return ScoreKind.NONE

    @property
    def reads_features(self) -> bool:
        """Whether its score needs the output of the last block."""
        return any(one.reads_features for one in self.inner)

    @property
    def point(self) -> tuple[float, float] | None:
        """The point at which it is, x and y in 0..1 of the picture; None where it is at none."""
        return None

    @property
    def inner(self) -> tuple[Target, ...]:
        """The targets of which it is made, if there are any."""
        return ()

    @classmethod
    def fits(cls, model: VisionModel) -> bool:
        """Return whether a model can be asked this.

        Parameters
        ----------
        model
            From `load_model` or `wrap`.

        Returns
        -------
        bool
        """
        del model
        return True

    @classmethod
    @abstractmethod
    def parse(cls, text: str, context: TextContext) -> Self:
        """Return the target of a text, without the prefix.

        Parameters
        ----------
        text
            As `text` gives it.
        context
            What the text may name.

        Returns
        -------
        Target

        Raises
        ------
        TargetError
            The text says nothing of this kind.
        """

    @abstractmethod
    def text(self) -> str:
        """Return the target as text that `parse` reads, without the prefix."""

    @abstractmethod
    def words(self, model: VisionModel) -> str:
        """Return what is asked for in words, as after "Relevance for"."""

    @abstractmethod
    def scorer(self, model: VisionModel, inference: Inference) -> Scorer:
        """Prepare the score; this may take a pass of its own.

        Parameters
        ----------
        model
            The network; the caller holds its lock.
        inference
            The network with its inputs.

        Returns
        -------
        Scorer

        Raises
        ------
        TargetError
            It cannot be asked of this picture.
        UnknownClassError
            There is no such class.
        """

    def fitted(self, method: Method, model: VisionModel, inference: Inference) -> Method:
        """Return a method set up for this target, such as for the attention of a patch.

        Parameters
        ----------
        method
            With its default options.
        model, inference
            As for `scorer`.

        Returns
        -------
        Method
            `method` itself, unless a kind of target knows better.
        """
        del model, inference
        return method

    @classmethod
    def shown_by(cls, method: type[Method]) -> bool:
        """Return whether a method that is `fitted` shows this by itself, without a score."""
        del method
        return False

    @classmethod
    def looks(cls, kinds: Collection[Kind]) -> tuple[str, ...]:
        """Return the names of methods that answer best; empty for those of a decision.

        Parameters
        ----------
        kinds
            What can be read in the network.

        Returns
        -------
        tuple of str
        """
        del kinds
        return ()

    def resolved(self, model: VisionModel) -> Target:
        """Return the target with the names that the model has for what it names."""
        del model
        return self


TARGETS: Registry[type[Target]] = Registry("kind of target")


def class_logits(model: VisionModel, passed: Passed) -> Tensor:
    """Return the logits [N, classes] of a pass.

    Parameters
    ----------
    model
        The network.
    passed
        Of N inputs.

    Returns
    -------
    Tensor

    Raises
    ------
    TargetError
        The network returns no scores of classes.
    """
    if passed.logits is None:
        raise TargetError(
            f"{model.name} returns no scores of classes, so a class has none. Ask by a function of "
            "its output instead."
        )
    return passed.logits
