"""A target of a saved explanation of which no more than the text is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from attnviz.errors import TargetError
from attnviz.methods.inference import Inference
from attnviz.models.vision_model import VisionModel
from attnviz.targets.base import Scorer, Target, TextContext


@dataclass(frozen=True)
class SavedTarget(Target):
    """What was asked once, by a function or with another picture, which no file holds.

    It is not registered, since nobody can ask for it.

    Parameters
    ----------
    asked
        The text of the target.
    """

    asked: str

    name: ClassVar[str] = "saved"
    title: ClassVar[str] = "a question that was saved as text"

    @classmethod
    def parse(cls, text: str, context: TextContext) -> Self:
        """See `Target`."""
        del context
        return cls(text)

    def text(self) -> str:
        """See `Target`."""
        return self.asked

    def words(self, model: VisionModel) -> str:
        """See `Target`."""
        del model
        return self.asked

    def scorer(self, model: VisionModel, inference: Inference) -> Scorer:
        """See `Target`: nothing says how it was computed."""
        del model, inference
        raise TargetError(
            f"What was asked, {self.asked!r:.80}, was saved as text alone. Ask for it again in "
            "Python, and explain the picture anew."
        )
