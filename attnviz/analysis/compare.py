"""How alike two explanations are: of two models, two methods, two layers, or two pictures."""

from __future__ import annotations

from attnviz.analysis.explanation import Explanation
from attnviz.metrics.map_difference import MapDifference, difference


def compare(
    a: Explanation,
    b: Explanation,
    layer_a: int | str | None = None,
    layer_b: int | str | None = None,
) -> MapDifference:
    """Compare the maps of two explanations by the ranks of their positions.

    Only ranks are compared, because the values of two methods have different units. Both maps are
    brought to one grid over the part of the picture that both networks saw; negative values count
    as 0.

    Parameters
    ----------
    a, b
        From `explain`. Of two pictures, positions correspond by their share of width and height.
    layer_a, layer_b
        Which layer of either: name, index, or "all layers" (default: the best of each).

    Returns
    -------
    MapDifference
        `spearman` in -1..1, `overlap` of the highest fifths in 0..1, and `values`, where `a` ranks
        a position higher.

    Raises
    ------
    UnknownNameError
        There is no such layer.
    FocusError
        A map is flat, or the networks saw no common part of the picture.

    References
    ----------
    Spearman, "The proof and measurement of association between two things", 1904.

    Examples
    --------
    >>> from attnviz.analysis.explain import explain
    >>> from attnviz.models.loading import load_model
    >>> from attnviz.pictures import open_sample
    >>> one = explain(load_model("ran-small", "cpu"), open_sample("astronaut"))
    >>> compare(one, one).spearman, compare(one, one).overlap
    (1.0, 1.0)
    """
    maps = (
        one.map_of(one.best_layer if layer is None else layer)
        for one, layer in ((a, layer_a), (b, layer_b))
    )
    return difference(next(maps), a.geometry, next(maps), b.geometry)
