"""A class: the target that every classifier knows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from torch import Tensor

from attnviz.methods.inference import Inference
from attnviz.models.classes import index_of_class
from attnviz.models.scores import ScoreKind
from attnviz.models.vision_model import VisionModel
from attnviz.targets.base import (
    TARGETS,
    Part,
    Passed,
    Scorer,
    Target,
    TextContext,
    class_logits,
)


@TARGETS.add
@dataclass(frozen=True)
class Class(Target):
    """A class of the network, by index or label; of features, a component by its index.

    Its score is the logit. A class alone is asked without this detour, so that methods which know
    the classifier can explain it too.

    Examples
    --------
    >>> Class("dog").text(), Class.parse("7", TextContext())
    ('dog', Class(which=7))
    """

    which: int | str

    name: ClassVar[str] = "class"
    title: ClassVar[str] = "a class"
    parts: ClassVar[Mapping[str, Part]] = {"which": Part.CLASS}

    @classmethod
    def fits(cls, model: VisionModel) -> bool:
        """See `Target`: a detector or segmenter sees a class at a place, and is asked for that."""
        return model.spec.outputs is None

    def score_kind(self, model: VisionModel) -> ScoreKind:
        """See `Target`."""
        del model
        return ScoreKind.SIGMOID

    @classmethod
    def parse(cls, text: str, context: TextContext) -> Self:
        """See `Target`; a number is an index, unless it is a label."""
        return cls(index_or_label(text, context.labels))

    def text(self) -> str:
        """See `Target`."""
        return str(self.which)

    def words(self, model: VisionModel) -> str:
        """See `Target`."""
        return model.label(self.index(model))

    def index(self, model: VisionModel) -> int:
        """Return its index; UnknownClassError if there is no such class."""
        return index_of_class(self.which, model.labels)

    def scorer(self, model: VisionModel, inference: Inference) -> Scorer:
        """See `Target`."""
        del inference
        index = self.index(model)

        def score(passed: Passed) -> Tensor:
            logits = class_logits(model, passed)
            return logits[:, index_of_class(index, model.labels, logits.shape[1])]

        return score

    def resolved(self, model: VisionModel) -> Class:
        """See `Target`: by its label, if no other class has the same."""
        return Class(model.own_label(self.index(model)))


def index_or_label(text: str, labels: Sequence[str]) -> int | str:
    """Return the class that a text names: by its index, unless the number is a label."""
    is_index = text not in labels and re.fullmatch(r"-?[0-9]{1,9}", text)
    return int(text) if is_index else text
