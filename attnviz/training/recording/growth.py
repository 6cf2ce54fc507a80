"""Statistics of how each layer's attention changed during training, from a recording."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import cv2
import numpy as np

from attnviz.analysis.layer_statistics import spatial_spread
from attnviz.types import AnyFloatArray, DoubleArray, FloatArray

if TYPE_CHECKING:
    from attnviz.training.recording.file import Recording

FLAT = 0.02  # a mask with a smaller standard deviation over positions selects nothing
COLLAPSE = 0.25  # fall of the entropy between two checkpoints, as a share of a uniform map's
ALIKE = 0.95  # correlation of two layers' maps
MASK = "soft-mask"  # method whose maps are the values of a mask
_MASK_METHODS = (MASK, "mask-effect")


@dataclass(frozen=True, eq=False)
class LayerGrowth:
    """Statistics of one layer over T checkpoints, averaged over the recorded pictures.

    Attributes
    ----------
    layer
        Its name.
    entropy
        float32 [T] in 0..1: entropy of the map as a distribution, over that of a uniform map.
    spread
        float32 [T]: standard deviation of the map's mass around its centre, as a share of the
        input's side.
    strength
        float32 [T]: mean value, absolute.
    contrast
        float32 [T]: standard deviation over positions, absolute.
    drift
        float32 [T] in 0..1: Jensen-Shannon divergence (base 2) from the last checkpoint's map.
    even_spread
        Spread of a uniform map.
    effect
        float32 [T, 1]: `|y - x| / |x|` of the layer's block.
    head_entropy, head_distance
        float32 [T, heads], for self-attention, over all queries: the entropy in 0..1, and the mean
        distance in input pixels; None where not recorded.
    even_distance
        Mean distance of uniform attention; None where not recorded.
    """

    layer: str
    entropy: FloatArray
    spread: FloatArray
    strength: FloatArray
    contrast: FloatArray
    drift: FloatArray
    even_spread: float
    effect: FloatArray | None = None
    head_entropy: FloatArray | None = None
    head_distance: FloatArray | None = None
    even_distance: float | None = None

    @property
    def evenness(self) -> FloatArray:
        """float32 [T] in 0..1: the heads' mean entropy where it was recorded, else the map's."""
        return self.entropy if self.head_entropy is None else self.head_entropy.mean(1)


@dataclass(frozen=True)
class GrowthEvent:
    """Something notable at a checkpoint.

    Attributes
    ----------
    checkpoint
        Its index.
    layers
        Names of the layers concerned.
    text
        What happened.
    """

    checkpoint: int
    layers: tuple[str, ...]
    text: str


def recorded_methods(recording: Recording) -> tuple[str, ...]:
    """Names of the methods whose maps a recording has, in its order."""
    return tuple(dict.fromkeys(method for method, _ in recording.snapshots[0].maps))


def recorded_layers(recording: Recording, method: str) -> list[str]:
    """Names of the layers with maps of `method`, in forward order."""
    return [layer for name, layer in recording.snapshots[0].maps if name == method]


def layer_maps(recording: Recording, method: str, picture: int) -> dict[str, FloatArray]:
    """float32 [T, h, w] of each layer, for one picture of the recording."""
    return {layer: maps[:, picture] for layer, maps in _all_maps(recording, method).items()}


def narrowest_layer(recording: Recording, method: str) -> str:
    """The layer whose last maps are the most selective: those of the lowest entropy."""
    last = recording.snapshots[-1]
    maps = {name: last.maps[method, name][None] for name in recorded_layers(recording, method)}
    entropies = {name: _growth(name, v.astype(np.float32)).entropy[0] for name, v in maps.items()}
    return min(entropies, key=lambda name: float(entropies[name]))


def layer_growth(recording: Recording, method: str) -> tuple[LayerGrowth, ...]:
    """Compute the statistics of each layer's maps, in forward order.

    Parameters
    ----------
    recording
        A recording with at least one snapshot.
    method
        Name of a recorded method.
    """
    return tuple(
        replace(
            _growth(layer, maps),
            effect=_numbers(recording, "effect", layer),
            head_entropy=_numbers(recording, "entropy", layer),
            head_distance=_numbers(recording, "distance", layer),
            even_distance=_even_distance(recording, layer),
        )
        for layer, maps in _all_maps(recording, method).items()
    )


def _numbers(recording: Recording, what: str, layer: str) -> FloatArray | None:
    """float32 [T, k], or None where they were not recorded."""
    if (what, layer) not in recording.snapshots[0].numbers:
        return None
    return np.stack([shot.numbers[what, layer] for shot in recording.snapshots]).astype(np.float32)


def _even_distance(recording: Recording, layer: str) -> float | None:
    distance = _numbers(recording, "even-distance", layer)
    return None if distance is None else float(distance[0, 0])


def _all_maps(recording: Recording, method: str) -> dict[str, FloatArray]:
    """float32 [T, pictures, h, w] of each layer."""
    shots = recording.snapshots
    return {
        layer: np.stack([shot.maps[method, layer] for shot in shots]).astype(np.float32)
        for layer in recorded_layers(recording, method)
    }


def _growth(layer: str, maps: FloatArray) -> LayerGrowth:
    shares = _shares(maps)
    cells = shares.shape[-1]
    entropy = _entropy(shares) / max(np.log(cells), 1e-12)
    even = spatial_spread(np.ones(maps.shape[-2:], np.float32), (1, 1))
    spread = np.nan_to_num(spatial_spread(maps, (1, 1)), nan=float(even))
    return LayerGrowth(
        layer=layer,
        entropy=_mean(entropy),
        spread=_mean(spread),
        strength=_mean(maps.mean((-2, -1))),
        contrast=_contrast(maps),
        drift=_mean(_divergence(shares, shares[-1:])),
        even_spread=float(even),
    )


def _contrast(maps: FloatArray) -> FloatArray:
    """float32 [T]: standard deviation over positions, averaged over pictures."""
    return _mean(maps.std((-2, -1)))


def _mean(values: AnyFloatArray) -> FloatArray:
    """[T, pictures] -> float32 [T]."""
    return np.asarray(values.mean(1), np.float32)


def _shares(maps: FloatArray) -> DoubleArray:
    """[T, pictures, cells]: each map as a distribution over its cells; uniform for an empty map.

    Negative values count as 0.
    """
    flat = np.maximum(maps.reshape(*maps.shape[:2], -1).astype(np.float64), 0)
    total = flat.sum(-1, keepdims=True)
    even = np.full_like(flat, 1 / flat.shape[-1])
    return np.asarray(np.divide(flat, total, out=even, where=total > 0))


def _entropy(shares: DoubleArray) -> DoubleArray:
    """In nats."""
    logarithm = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return np.asarray(-(shares * logarithm).sum(-1))


def _divergence(first: DoubleArray, second: DoubleArray) -> DoubleArray:
    """Jensen-Shannon divergence, base 2: 0 for equal, 1 for disjoint distributions."""
    nats = _entropy((first + second) / 2) - (_entropy(first) + _entropy(second)) / 2
    return np.asarray(np.clip(nats / np.log(2), 0, 1))


def growth_events(recording: Recording, method: str) -> tuple[GrowthEvent, ...]:
    """Find notable events: entropy collapse, flat masks, layers that became alike.

    A fall of the entropy by a quarter of a uniform map's between two checkpoints goes with unstable
    training (Zhai et al., ICML 2023, arXiv 2303.06296). Layers with similar maps do redundant work
    (Zhou et al., DeepViT, 2021, arXiv 2103.11886).

    Parameters
    ----------
    recording
        A recording with at least one snapshot.
    method
        Name of a recorded method.

    Returns
    -------
    tuple[Event, ...]
        In the order of the checkpoints.
    """
    growth = layer_growth(recording, method)
    events: list[GrowthEvent] = []
    for layer in growth:
        for at, (before, after) in enumerate(pairwise(layer.evenness.tolist()), 1):
            if before - after > COLLAPSE:
                events.append(
                    GrowthEvent(at, (layer.layer,), f"{layer.layer} collapses to a few positions.")
                )
    if method in _MASK_METHODS:
        events += _flat_masks(recording)
    return tuple(sorted([*events, *_twins(recording, method)], key=lambda event: event.checkpoint))


def _flat_masks(recording: Recording) -> list[GrowthEvent]:
    """Layers whose mask never selects a position; none while there is a single checkpoint.

    Judged by the mask's values, whichever method is shown: its effect scales with the features.
    """
    last = len(recording.snapshots) - 1
    return [
        GrowthEvent(last, (layer,), f"The mask of {layer} stays flat.")
        for layer, maps in _all_maps(recording, MASK).items()
        if last > 0 and float(_contrast(maps).max()) < FLAT
    ]


def _twins(recording: Recording, method: str) -> list[GrowthEvent]:
    """Adjacent layers whose maps end alike, at the checkpoint from which on they are."""
    maps = _all_maps(recording, method)
    events = []
    for (first, first_maps), (second, second_maps) in pairwise(maps.items()):
        correlation = _correlation(first_maps, second_maps)
        if correlation[-1] < ALIKE:
            continue
        apart = np.flatnonzero(correlation < ALIKE)
        since = int(apart[-1]) + 1 if len(apart) else 0
        events.append(
            GrowthEvent(since, (first, second), f"{first} and {second} look alike from here.")
        )
    return events


def _correlation(first: FloatArray, second: FloatArray) -> FloatArray:
    """Pearson correlation [T] on the coarser grid, averaged over pictures; 0 for a flat map."""
    size = min(first.shape[-2:], second.shape[-2:])
    a, b = (_centred(_resized(maps, size)) for maps in (first, second))
    product = (a * b).sum(-1)
    lengths = np.sqrt((a**2).sum(-1) * (b**2).sum(-1))
    return _mean(np.divide(product, lengths, out=np.zeros_like(product), where=lengths > 0))


def _resized(maps: FloatArray, size: tuple[int, int]) -> FloatArray:
    """[T, pictures, h, w] -> [T, pictures, cells], averaged down to `size` (height, width)."""
    flat = maps.reshape(-1, *maps.shape[-2:])
    small = [cv2.resize(values, size[::-1], interpolation=cv2.INTER_AREA) for values in flat]
    return np.stack(small).reshape(*maps.shape[:2], -1)


def _centred(values: FloatArray) -> DoubleArray:
    wide = values.astype(np.float64)
    return np.asarray(wide - wide.mean(-1, keepdims=True))
