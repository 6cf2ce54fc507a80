"""Base of the targets that are places of a picture, of a detector or a segmenter."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection

from attnviz.capture.site import Kind
from attnviz.methods.base import Method
from attnviz.methods.context import ObjectQuery, shows_query, with_query
from attnviz.methods.inference import Inference
from attnviz.models.classes import index_of_class
from attnviz.models.scores import ScoreKind
from attnviz.models.vision_model import VisionModel
from attnviz.targets.base import Scorer, Target, TextContext
from attnviz.targets.place_score import SeenPlace, matched, outputs_of, place_scorer
from attnviz.targets.single_class import index_or_label


class PlaceTarget(Target):
    """A place, and the class that is asked for there.

    Attributes
    ----------
    label
        Class, by index or label; None for that of what is there.
    """

    label: int | str | None

    def score_kind(self, model: VisionModel) -> ScoreKind:
        """See `Target`."""
        del model
        return ScoreKind.SIGMOID

    @classmethod
    def fits(cls, model: VisionModel) -> bool:
        """See `Target`: detectors and segmenters."""
        return model.spec.outputs is not None

    @abstractmethod
    def seen(self, inference: Inference) -> SeenPlace:
        """Return the place in the network's input.

        Raises
        ------
        TargetError
            The network does not see it.
        """

    def scorer(self, model: VisionModel, inference: Inference) -> Scorer:
        """See `Target`; without a class, one pass finds what is there."""
        return place_scorer(model, inference, self.seen(inference), self.index(model))

    @classmethod
    def looks(cls, kinds: Collection[Kind]) -> tuple[str, ...]:
        """See `Target`; Grad-CAM's averaged gradients forget where in the picture a thing was.

        Of a black box nothing can be read.
        """
        return ("layer-cam",) if kinds else ("d-rise",)

    @classmethod
    def shown_by(cls, method: type[Method]) -> bool:
        """See `Target`: by attention, of the query that found it or of the patch in its middle."""
        return shows_query(method)

    def fitted(self, method: Method, model: VisionModel, inference: Inference) -> Method:
        """See `Target`: for the query that found it, or the patch in its middle."""
        place, index = self.seen(inference), self.index(model)
        if not hasattr(method, "query"):
            return method
        number = 0
        if outputs_of(model).things is not None:
            number = matched(model, inference, place, index)[1]
        return with_query(method, ObjectQuery(number, place.middle))

    def index(self, model: VisionModel) -> int | None:
        """Return the index of its class, if it has one; UnknownClassError if there is none."""
        return None if self.label is None else index_of_class(self.label, model.labels)

    def asked_class(self, model: VisionModel) -> str:
        """Return its class in words."""
        index = self.index(model)
        return "what is" if index is None else model.label(index)


def as_label(parts: list[str], context: TextContext) -> int | str | None:
    """Return the class that a text ends with, by label or index; None if there is none."""
    label = parts[0].strip() if parts else ""
    return index_or_label(label, context.labels) if label else None
