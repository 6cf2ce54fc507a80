"""What a set says as a whole: how sure the network is, of what, and where it looks on average."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pyarrow

from attnviz.batch.clusters import MapCluster, find_clusters, labels_of, places_of
from attnviz.batch.opened import OpenedResults
from attnviz.batch.orders import column_values
from attnviz.types import DoubleArray, FloatArray, IntArray

_SIDE = 8


@dataclass(frozen=True, eq=False)
class SetSummary:
    """A set in numbers.

    Attributes
    ----------
    pictures, errors
        How many there are, and how many of them failed.
    sure, flat
        How many the network is sure of, and how many maps are flat.
    classes
        The most frequent top predictions with their counts.
    place
        float32 [8, 8], mean of the maps as shares that sum to 1, over the network's input; None if
        there is no map.
    centre
        (y, x) of its centre of mass in 0..1; None if there is no map.
    clusters
        Groups of pictures with alike maps, the most suspicious first.
    """

    pictures: int
    errors: int
    sure: int
    flat: int
    classes: tuple[tuple[str, int], ...]
    place: FloatArray | None
    centre: tuple[float, float] | None
    clusters: tuple[MapCluster, ...]


def summarise(results: OpenedResults, most_classes: int = 8) -> SetSummary:
    """Summarise results; every map is read once.

    Parameters
    ----------
    results
        From `open_results`.
    most_classes
        How many classes are listed.

    Returns
    -------
    SetSummary
    """
    scores = results.scores
    indices, places = places_of(scores, results.folder.maps())
    tops = Counter(scores["top1"].drop_null().to_pylist())
    place = places.mean(0).reshape(_SIDE, _SIDE) if len(places) else None
    return SetSummary(
        len(scores),
        results.errors,
        _count(scores["sure"]),
        _count(scores["flat"]),
        tuple(tops.most_common(most_classes)),
        place,
        None if place is None else _centre(place),
        find_clusters(indices, places, labels_of(scores, indices)),
    )


def _count(flags: pyarrow.ChunkedArray) -> int:
    return int(np.count_nonzero(flags.fill_null(False).to_numpy()))


def _centre(place: FloatArray) -> tuple[float, float]:
    middles = (np.arange(_SIDE) + 0.5) / _SIDE
    y, x = (float((place.sum(axis) * middles).sum()) for axis in (1, 0))
    return y, x


def histogram(results: OpenedResults, column: str, bins: int = 20) -> tuple[DoubleArray, IntArray]:
    """Count how many pictures have which value of a column in 0..1.

    Parameters
    ----------
    results
        From `open_results`.
    column
        Of the scores, or `OFF_CENTRE`.
    bins
        Number of equal intervals.

    Returns
    -------
    edges : float64 [bins + 1]
    counts : int64 [bins]
        Missing values count nowhere.
    """
    values = column_values(results.scores, column)
    counts, edges = np.histogram(values[~np.isnan(values)], bins=bins, range=(0.0, 1.0))
    return edges, counts.astype(np.int64)
