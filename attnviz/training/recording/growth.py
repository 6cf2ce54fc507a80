"""How each layer's attention changed during training, in numbers, from a recording alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np

from attnviz.analysis.layer_statistics import spatial_spread
from attnviz.training.recording.file import Recording
from attnviz.types import AnyFloatArray, DoubleArray, FloatArray

FLAT = 0.02  # of a mask's standard deviation over places: below it nothing can be picked
COLLAPSE = 0.25  # of entropy's fall between two checkpoints, in parts of an even map's
ALIKE = 0.95  # of the correlation between two layers' maps
MASK = "soft-mask"  # the values of a mask themselves
_OF_MASKS = (MASK, "mask-effect")


@dataclass(frozen=True, eq=False)
class LayerGrowth:
    """One layer over T checkpoints, means over the recorded pictures.

    entropy: float32 [T] in 0..1, of the map as shares of its sum, 1 for an even map (over its
    logarithm of cells). spread: float32 [T], standard deviation of the map's mass around its
    middle, as a share of the input's side. strength: float32 [T], mean value, absolute.
    contrast: float32 [T], standard deviation over places, absolute. drift: float32 [T] in 0..1,
    Jensen-Shannon divergence (base 2) from the last checkpoint's map.
    even_spread: that of an even map. effect: float32 [T, 1], `|y - x| / |x|` of the layer's block.
    head_entropy, head_distance: float32 [T, heads], of self-attention, over all queries: the
    entropy in 0..1, and the mean distance in pixels of the input; even_distance: that of even
    attention. None where they were not recorded.
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
class Event:
    """Something that happened at a checkpoint (index), in words."""

    checkpoint: int
    layers: tuple[str, ...]
    text: str


def recorded_methods(recording: Recording) -> tuple[str, ...]:
    """Names of the methods whose maps a recording holds, in its order."""
    return tuple(dict.fromkeys(method for method, _ in recording.snapshots[0].maps))


def recorded_layers(recording: Recording, method: str) -> list[str]:
    """Names of the layers of which a recording holds that method's maps, in forward order."""
    return [layer for name, layer in recording.snapshots[0].maps if name == method]


def layer_maps(recording: Recording, method: str, picture: int) -> dict[str, FloatArray]:
    """float32 [T, h, w] of each layer, for one picture of the recording."""
    return {layer: maps[:, picture] for layer, maps in _all_maps(recording, method).items()}


def narrowest_layer(recording: Recording, method: str) -> str:
    """The layer whose last maps pick most: those of the lowest entropy."""
    last = recording.snapshots[-1]
    maps = {one: last.maps[method, one][None] for one in recorded_layers(recording, method)}
    return min(maps, key=lambda one: float(_growth(one, maps[one].astype(np.float32)).entropy[0]))


def layer_growth(recording: Recording, method: str) -> tuple[LayerGrowth, ...]:
    """What became of each layer's maps, in forward order."""
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
    found = _numbers(recording, "even-distance", layer)
    return None if found is None else float(found[0, 0])


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
    """float32 [T]: deviation over places, absolute, mean over pictures."""
    return _mean(maps.std((-2, -1)))


def _mean(values: AnyFloatArray) -> FloatArray:
    """[T, pictures] -> float32 [T]."""
    return np.asarray(values.mean(1), np.float32)


def _shares(maps: FloatArray) -> DoubleArray:
    """[T, pictures, cells]: what part of a map lies in each cell; an even map where there is none.

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


def _divergence(one: DoubleArray, other: DoubleArray) -> DoubleArray:
    """Jensen-Shannon, base 2: 0 for equal shares, 1 for shares that never meet."""
    middle = _entropy((one + other) / 2) - (_entropy(one) + _entropy(other)) / 2
    return np.asarray(np.clip(middle / np.log(2), 0, 1))


def growth_events(recording: Recording, method: str) -> tuple[Event, ...]:
    """Where something happened: an entropy that collapsed, a mask that stayed flat, twins.

    Entropy that falls by a quarter of an even map's between two checkpoints goes with unstable
    training (Zhai et al., ICML 2023, arXiv 2303.06296). Layers whose maps become alike do the same
    work twice (Zhou et al., DeepViT, 2021, arXiv 2103.11886).
    """
    growth = layer_growth(recording, method)
    found: list[Event] = []
    for one in growth:
        for at, (before, after) in enumerate(pairwise(one.evenness.tolist()), 1):
            if before - after > COLLAPSE:
                found.append(
                    Event(at, (one.layer,), f"{one.layer} narrows at once to a few places.")
                )
    if method in _OF_MASKS:
        found += _flat_masks(recording)
    return tuple(sorted([*found, *_twins(recording, method)], key=lambda event: event.checkpoint))


def _flat_masks(recording: Recording) -> list[Event]:
    """Layers whose mask never picks a place, at the last checkpoint; none before there are two.

    Judged by the mask's own values whatever is shown of it: its effect has no unit of its own, and
    grows with the features that it weights.
    """
    last = len(recording.snapshots) - 1
    return [
        Event(last, (layer,), f"The mask of {layer} stays flat.")
        for layer, maps in _all_maps(recording, MASK).items()
        if last > 0 and float(_contrast(maps).max()) < FLAT
    ]


def _twins(recording: Recording, method: str) -> list[Event]:
    """Neighbouring layers that end alike, at the checkpoint from which on they are."""
    maps = _all_maps(recording, method)
    found = []
    for (first, one), (second, other) in pairwise(maps.items()):
        alike = _correlation(one, other)
        if alike[-1] < ALIKE:
            continue
        apart = np.flatnonzero(alike < ALIKE)
        since = int(apart[-1]) + 1 if len(apart) else 0
        found.append(Event(since, (first, second), f"{first} and {second} look alike from here."))
    return found


def _correlation(one: FloatArray, other: FloatArray) -> FloatArray:
    """Pearson's, [T], mean over pictures, on the coarser of both grids; 0 for a flat map."""
    size = min(one.shape[-2:], other.shape[-2:])
    first, second = (_centred(_regridded(maps, size)) for maps in (one, other))
    product = (first * second).sum(-1)
    lengths = np.sqrt((first**2).sum(-1) * (second**2).sum(-1))
    return _mean(np.divide(product, lengths, out=np.zeros_like(product), where=lengths > 0))


def _regridded(maps: FloatArray, size: tuple[int, int]) -> FloatArray:
    """[T, pictures, h, w] -> [T, pictures, cells], averaged down to `size` (height, width)."""
    flat = maps.reshape(-1, *maps.shape[-2:])
    small = [cv2.resize(one, size[::-1], interpolation=cv2.INTER_AREA) for one in flat]
    return np.stack(small).reshape(*maps.shape[:2], -1)


def _centred(values: FloatArray) -> DoubleArray:
    wide = values.astype(np.float64)
    return np.asarray(wide - wide.mean(-1, keepdims=True))
