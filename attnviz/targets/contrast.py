"""A contrast: why one thing rather than another?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from attnviz.errors import TargetError
from attnviz.methods.inference import Inference
from attnviz.models.scores import ScoreKind
from attnviz.models.vision_model import VisionModel
from attnviz.targets.base import TARGETS, Part, Scorer, Target, TextContext
from attnviz.targets.text import as_target, format_target, parse_target, split


@TARGETS.add
@dataclass(frozen=True)
class Contrast(Target):
    """One target rather than another: the difference of their scores.

    Parameters
    ----------
    a, b
        Targets; an index or a label is a class.

    Notes
    -----
    S = s_a - s_b. For two classes of a softmax, sigmoid(S) is the probability of a where only the
    two are possible. After Zhang et al., Finer-CAM, CVPR 2025, arXiv 2501.11309, which contrasts a
    class with those nearest to it.

    Examples
    --------
    >>> format_target(Contrast("cat", "dog"))
    'contrast:cat|dog'
    """

    a: Target
    b: Target

    name: ClassVar[str] = "contrast"
    title: ClassVar[str] = "one thing rather than another"
    parts: ClassVar[Mapping[str, Part]] = {"a": Part.CLASS, "b": Part.CLASS}

    def __init__(self, a: Any, b: Any) -> None:
        object.__setattr__(self, "a", as_target(a))
        object.__setattr__(self, "b", as_target(b))
        if self.a.inner or self.b.inner:
            raise TargetError("A contrast holds no other contrast. Choose two single targets.")
        if self.a == self.b:
            raise TargetError(
                f"{format_target(self.a)} cannot be contrasted with itself. Choose two that differ."
            )

    @property
    def inner(self) -> tuple[Target, ...]:
        """See `Target`."""
        return self.a, self.b

    def score_kind(self, model: VisionModel) -> ScoreKind:
        """See `Target`: a difference of log-odds, or of values."""
        kinds = {one.score_kind(model) for one in self.inner}
        return kinds.pop() if len(kinds) == 1 else ScoreKind.NONE

    @classmethod
    def parse(cls, text: str, context: TextContext) -> Self:
        """See `Target`."""
        two = split(text, "|")
        if len(two) != 2:
            raise TargetError(f"A contrast is written contrast:cat|dog, not contrast:{text}.")
        return cls(*(parse_target(one, context) for one in two))

    def text(self) -> str:
        """See `Target`."""
        return f"{format_target(self.a)}|{format_target(self.b)}"

    def words(self, model: VisionModel) -> str:
        """See `Target`."""
        return f"{self.a.words(model)} rather than {self.b.words(model)}"

    def scorer(self, model: VisionModel, inference: Inference) -> Scorer:
        """See `Target`."""
        a, b = (one.scorer(model, inference) for one in self.inner)
        return lambda passed: a(passed) - b(passed)

    def resolved(self, model: VisionModel) -> Contrast:
        """See `Target`."""
        return Contrast(*(one.resolved(model) for one in self.inner))
