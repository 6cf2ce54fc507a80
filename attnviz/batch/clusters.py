"""Groups of pictures whose maps lie in the same place, and how much each belongs to one class.

A network that has learned a shortcut, such as a watermark in all pictures of one class, looks at
the same place in them, and elsewhere in others. Such a group is far from where the network usually
looks, compact, and of one class: it comes first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import pyarrow

from attnviz.types import FloatArray, IntArray

_SIDE = 8  # cells of the grid on which places are compared
_MOST = 12
_LEAST_MEMBERS = 5
_RARE = 0.05


@dataclass(frozen=True, eq=False)
class MapCluster:
    """Pictures whose maps lie in the same place.

    Attributes
    ----------
    members
        int64 [k], indices of the pictures, those nearest to the middle of the group first.
    place
        float32 [8, 8], mean of their maps as shares that sum to 1, over the network's input.
    label
        The class that is most frequent among them.
    purity
        Its share among them, in 0..1.
    usual
        Its share among all pictures.
    distance
        Total variation between `place` and the mean of all pictures, in 0..1.
    likeness
        Mean similarity of the members' maps to `place`, in 0..1: the sum of the smaller shares.
    chance
        At most how likely it is, in 0..1, that some group has so many pictures of some class if
        maps have nothing to do with classes: the hypergeometric tail, times groups and classes.
    """

    members: IntArray
    place: FloatArray
    label: str
    purity: float
    usual: float
    distance: float
    likeness: float
    chance: float

    @property
    def stands_out(self) -> bool:
        """Whether the group has more of one class than chance brings about in one set of 20."""
        return self.chance < _RARE

    @property
    def suspicion(self) -> float:
        """How far the group is from the usual place, how alike and how much of one class; 0..1.

        Few pictures are of one class by chance: the purity of k is shrunk by k / (k + 5).
        """
        trust = len(self.members) / (len(self.members) + _LEAST_MEMBERS)
        return self.distance * self.likeness * trust * max(0.0, self.purity - self.usual)


def places_of(scores: pyarrow.Table, maps: Iterable[pyarrow.Table]) -> tuple[IntArray, FloatArray]:
    """Return where the best layer's map of each picture lies.

    Parameters
    ----------
    scores, maps
        Of a `ResultFolder`.

    Returns
    -------
    indices : int64 [n]
        Of the pictures whose map is not flat.
    places : float32 [n, 64]
        Shares of a grid of 8 x 8 cells over the network's input; negative values count as 0.
    """
    best = {
        row["index"]: row["layer"]
        for row in scores.select(["index", "layer", "flat"]).to_pylist()
        if row["layer"] is not None and not row["flat"]
    }
    indices, places = [], []
    for table in maps:
        columns = (table[name].to_pylist() for name in ("index", "layer", "rows", "columns"))
        values = table["values"].combine_chunks()
        for at, (index, layer, rows, width) in enumerate(zip(*columns, strict=True)):
            if best.get(index) != layer:
                continue
            grid = np.asarray(values[at].values, dtype=np.float32).reshape(rows, width)
            indices.append(index)
            places.append(_place(grid))
    empty = np.zeros((0, _SIDE * _SIDE), np.float32)
    return np.array(indices, np.int64), np.stack(places) if places else empty


def _place(values: FloatArray) -> FloatArray:
    small = cv2.resize(np.maximum(values, 0), (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    total = float(small.sum())
    shares = small / total if total else np.full_like(small, 1 / small.size)
    return np.asarray(shares, dtype=np.float32).ravel()


def find_clusters(
    indices: IntArray, places: FloatArray, labels: Sequence[str]
) -> tuple[MapCluster, ...]:
    """Group pictures by where their maps lie: first those that stand out, by their suspicion.

    Parameters
    ----------
    indices, places
        From `places_of`.
    labels
        Of each of these pictures: its class.

    Returns
    -------
    tuple of MapCluster
        Empty where there are too few pictures. Groups of fewer than 5 are left out.

    References
    ----------
    Groups of maps as a way to find shortcuts: Lapuschkin et al., Nature Communications 2019, arXiv
    1902.10178. There by spectral clustering; here by k-means, which takes a million pictures.
    """
    count = min(_MOST, len(indices) // (2 * _LEAST_MEMBERS))
    if count < 2:
        return ()
    from scipy.stats import hypergeom  # they take two seconds to import, and most runs are small
    from sklearn.cluster import MiniBatchKMeans

    seeds = MiniBatchKMeans(count, random_state=0, n_init=5, batch_size=2048).fit(places)
    usual_place, usual = places.mean(0), Counter(labels)
    found = []
    for number in range(count):
        members = np.flatnonzero(seeds.labels_ == number)
        if len(members) < _LEAST_MEMBERS:
            continue
        middle = places[members].mean(0)
        alike = np.minimum(places[members], middle).sum(1)
        label, most = Counter(labels[member] for member in members.tolist()).most_common(1)[0]
        tail = hypergeom.sf(most - 1, len(labels), usual[label], len(members))
        found.append(
            MapCluster(
                indices[members[np.argsort(-alike, kind="stable")]],
                middle.reshape(_SIDE, _SIDE),
                label,
                most / len(members),
                usual[label] / len(labels),
                float(np.abs(middle - usual_place).sum() / 2),
                float(alike.mean()),
                min(1.0, float(tail) * count * len(usual)),
            )
        )
    return tuple(sorted(found, key=lambda one: (not one.stands_out, -one.suspicion)))


def labels_of(scores: pyarrow.Table, indices: IntArray) -> list[str]:
    """Return the class of pictures: the group that they were given in, or what is predicted.

    Parameters
    ----------
    scores
        Of a `ResultFolder`.
    indices
        int64 [n], of the pictures.

    Returns
    -------
    list of str
        Groups where there are several, and the top predictions otherwise.
    """
    groups: list[Any] = scores["group"].to_pylist()
    names = groups if len(set(groups)) > 1 else scores["top1"].to_pylist()
    return [str(names[index] or "") for index in indices]
