"""Another picture: what makes this one like it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from torch import Tensor
from torch.nn import functional as F

from attnviz.capture.run import capture
from attnviz.errors import TargetError
from attnviz.methods.base import Method
from attnviz.methods.inference import Inference
from attnviz.methods.patch_similarity import PatchSimilarity, features_at
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture, PictureSource, as_picture
from attnviz.targets.base import TARGETS, Part, Passed, Scorer, Target, TextContext
from attnviz.targets.features import features_of, inputs_of
from attnviz.targets.place import checked_point, in_words, seen_point, shares, written


@TARGETS.add
@dataclass(frozen=True)
class Alike(Target):
    """How alike this picture is to another one, or to a patch of it.

    Parameters
    ----------
    picture
        The other picture, or anything that `open_picture` takes.
    at
        (x, y) of a patch of the other picture, in 0..1; the whole picture if None.

    Notes
    -----
    S = cos(e, e*), where e is the embedding of this picture and e* that of the other one: the
    output of a network that returns features, and the mean of the last features over all positions
    where it returns classes, or where a patch is asked for; e* is then the patch's features. After
    Stylianou et al., *Visualizing Deep Similarity Networks*, WACV 2019. Compared with itself a
    picture is as alike as can be, so its map is flat.
    """

    picture: Picture
    at: tuple[float, float] | None = None

    name: ClassVar[str] = "alike"
    title: ClassVar[str] = "likeness to another picture"
    parts: ClassVar[Mapping[str, Part]] = {"picture": Part.PICTURE}

    def __init__(
        self, picture: Picture | PictureSource, at: tuple[float, float] | None = None
    ) -> None:
        object.__setattr__(self, "picture", as_picture(picture))
        object.__setattr__(self, "at", None if at is None else checked_point(*at))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alike) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[object, ...]:
        return self.picture.sha256, self.picture.pixels.shape, self.at

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
        """See `Target`; the other picture is opened by its name."""
        name, _, at = text.rpartition("@") if "@" in text else (text, "", "")
        if context.open_picture is None:
            raise TargetError(f"The picture {name!r:.80} cannot be opened here. Choose it instead.")
        picture = context.open_picture(name)
        return cls(picture, shares(at, 2, "alike:dog.jpg@.4,.6") if at else None)  # type: ignore[arg-type]

    def text(self) -> str:
        """See `Target`: by the checksum of the other picture."""
        return self.picture.sha256 + ("" if self.at is None else f"@{written(*self.at)}")

    def words(self, model: VisionModel) -> str:
        """See `Target`."""
        del model
        of_patch = "" if self.at is None else f"the patch {in_words(*self.at)} of "
        return f"{of_patch}{self.picture.name}"

    def scorer(self, model: VisionModel, inference: Inference) -> Scorer:
        """See `Target`; one pass finds the embedding of the other picture."""
        inputs, geometry = inputs_of(model, inference, self.picture)
        pooled = inference.scores.has_classes or self.at is not None
        if pooled:
            point = None if self.at is None else seen_point(*self.at, geometry)
            embedding = features_at(features_of(inference, inputs), point)
        else:
            embedding = capture(inference.module, inputs, []).logits

        def score(passed: Passed) -> Tensor:
            own = passed.block_features.mean((2, 3)) if pooled else passed.logits
            if own is None:
                raise TargetError(f"{model.name} returns no embedding that could be compared.")
            return F.cosine_similarity(own.float(), embedding.to(own.device), dim=1)

        return score

    @classmethod
    def shown_by(cls, method: type[Method]) -> bool:
        """See `Target`."""
        return issubclass(method, PatchSimilarity)

    def fitted(self, method: Method, model: VisionModel, inference: Inference) -> Method:
        """See `Target`: the features of each layer are compared with those of the other picture."""
        if not isinstance(method, PatchSimilarity):
            return method
        inputs, geometry = inputs_of(model, inference, self.picture)
        sites = method.sites_for(inference, None)
        point = None if self.at is None else seen_point(*self.at, geometry)
        compared = capture(inference.module, inputs, sites).features
        vectors: Any = {one.layer: features_at(one.activation, point) for one in compared}
        return replace(method, vectors=vectors)
