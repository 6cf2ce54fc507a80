"""A patch of the picture: what does it attend to, what is like it, what does it rest on?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from attnviz.capture.site import Kind
from attnviz.methods.base import Method
from attnviz.methods.context import shows_query, with_query
from attnviz.methods.inference import Inference
from attnviz.methods.patch_similarity import PatchSimilarity, features_at
from attnviz.models.vision_model import VisionModel
from attnviz.targets.base import TARGETS, Part, Passed, Scorer, Target, TextContext
from attnviz.targets.features import features_of
from attnviz.targets.place import checked_point, in_words, seen_point, shares, written


@TARGETS.add
@dataclass(frozen=True)
class Patch(Target):
    """The patch at a point of the picture.

    Methods on self-attention show what it attends to, `patch-similarity` shows which patches have
    features like its own, and every other method what its features rest on.

    Parameters
    ----------
    x, y
        The point, in 0..1 of the picture's width and height, from the left and from the top.

    Notes
    -----
    S = f_p . f_p* / |f_p*|^2: the features of the patch, along those that it has in the unchanged
    picture. There S is 1. The cosine would not do: its gradient is 0 there.

    Examples
    --------
    >>> Patch(0.4, 0.625).text()
    '.4,.625'
    """

    x: float
    y: float

    name: ClassVar[str] = "patch"
    title: ClassVar[str] = "a patch of the picture"
    parts: ClassVar[Mapping[str, Part]] = {"x": Part.SHARE, "y": Part.SHARE}

    def __post_init__(self) -> None:
        x, y = checked_point(self.x, self.y)
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "y", y)

    @property
    def point(self) -> tuple[float, float]:
        """See `Target`."""
        return self.x, self.y

    @property
    def reads_features(self) -> bool:
        """See `Target`."""
        return True

    @classmethod
    def fits(cls, model: VisionModel) -> bool:
        """See `Target`: the layers of a black box cannot be observed."""
        return model.spec.observable

    @classmethod
    def parse(cls, text: str, context: TextContext) -> Self:
        """See `Target`."""
        del context
        return cls(*shares(text, 2, "patch:.4,.6, the shares of width and height"))

    def text(self) -> str:
        """See `Target`."""
        return written(self.x, self.y)

    def words(self, model: VisionModel) -> str:
        """See `Target`."""
        del model
        return f"the patch {in_words(self.x, self.y)}"

    def scorer(self, model: VisionModel, inference: Inference) -> Scorer:
        """See `Target`; one pass finds the features of the unchanged picture."""
        del model
        point = seen_point(self.x, self.y, inference.geometry)
        own = features_at(features_of(inference, inference.inputs[:1]), point)
        along = own / own.square().sum().clamp_min(1e-12)

        def score(passed: Passed) -> Any:
            return (features_at(passed.block_features, point) * along).sum(1)

        return score

    @classmethod
    def looks(cls, kinds: Collection[Kind]) -> tuple[str, ...]:
        """See `Target`: attention, where the network has any between patches."""
        attention = ("raw-attention",) if Kind.CONTEXT in kinds else ()
        return (*attention, PatchSimilarity.name)

    @classmethod
    def shown_by(cls, method: type[Method]) -> bool:
        """See `Target`."""
        return issubclass(method, PatchSimilarity) or shows_query(method)

    def fitted(self, method: Method, model: VisionModel, inference: Inference) -> Method:
        """See `Target`."""
        del model
        point = seen_point(self.x, self.y, inference.geometry)
        if isinstance(method, PatchSimilarity):
            return replace(method, point=point)
        return with_query(method, point)
