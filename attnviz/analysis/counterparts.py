"""Why two pictures are alike: which patch of one is the counterpart of which of the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnviz.analysis.features import PatchFeatures
from attnviz.metrics.correspondence import correspondence
from attnviz.metrics.feature_space import cosine_similarity
from attnviz.types import AnyFloatArray, FloatArray

Point = tuple[float, float]


@dataclass(frozen=True)
class Counterpart:
    """Two patches that are each other's nearest neighbour.

    Attributes
    ----------
    first, second
        The middle of the patch in either picture, x and y in 0..1 of its width and height.
    cosine
        Of the angle between their features, less what all patches have in common.
    """

    first: Point
    second: Point
    cosine: float


@dataclass(frozen=True, eq=False)
class Likeness:
    """How two pictures are alike.

    Attributes
    ----------
    whole
        Cosine of the angle between the mean features of both, in -1..1.
    pairs
        The strongest counterparts, the most alike first.
    first, second
        float32 [h, w] of each picture in -1..1: how alike each patch is to the patch of the other
        picture that is most like it, less what all patches have in common.
    """

    whole: float
    pairs: tuple[Counterpart, ...]
    first: FloatArray
    second: FloatArray

    def __repr__(self) -> str:
        """Say how alike the pictures are, in a line."""
        return f"<Likeness {self.whole:.3f}: {len(self.pairs)} pairs of patches>"


def likeness(
    first: PatchFeatures, second: PatchFeatures, count: int = 20, apart: int = 2
) -> Likeness:
    """Compare two pictures patch by patch.

    The mean over all patches of both pictures is subtracted first: what all patches have in common,
    which in DINOv2 is most of them, would make any two alike.

    Parameters
    ----------
    first, second
        From `features`, with the same layer of the same model.
    count
        How many pairs of patches at most.
    apart
        Pairs are passed over that lie within so many patches of a stronger one in both pictures.

    Returns
    -------
    Likeness

    Raises
    ------
    FocusError
        The features do not compare.

    Examples
    --------
    >>> from attnviz.analysis.features import features
    >>> from attnviz.models.loading import load_model
    >>> from attnviz.pictures import open_sample
    >>> one = features(load_model("ran-small", "cpu"), open_sample("astronaut"))
    >>> found = likeness(one, one)
    >>> round(found.whole, 3), {pair.first == pair.second for pair in found.pairs}
    (1.0, {True})
    """
    found = correspondence(*_less_in_common(first.values, second.values))
    pairs = tuple(
        Counterpart(
            _middle(first, *found.first[index]),
            _middle(second, *found.second[index]),
            float(found.cosines[index]),
        )
        for index in found.spread_out(count, apart)
    )
    means = (one.values.mean((0, 1)) for one in (first, second))
    whole = float(cosine_similarity(*means))
    return Likeness(whole, pairs, found.best_first, found.best_second)


def _less_in_common(first: FloatArray, second: FloatArray) -> list[AnyFloatArray]:
    """Features without the mean over both pictures; as they are if they do not compare."""
    if first.shape[-1] != second.shape[-1]:
        return [first, second]
    flat = np.concatenate([one.reshape(-1, one.shape[-1]) for one in (first, second)])
    mean = flat.mean(0, dtype=np.float64)
    return [one - mean for one in (first, second)]


def _middle(seen: PatchFeatures, row: int, column: int) -> Point:
    """The middle of a patch, x and y in 0..1 of the picture."""
    rows, columns = seen.values.shape[:2]
    height, width = seen.geometry.input_size
    y, x = seen.geometry.to_picture((row + 0.5) / rows * height, (column + 0.5) / columns * width)
    picture_height, picture_width = seen.geometry.picture_size
    return float(x / picture_width), float(y / picture_height)
