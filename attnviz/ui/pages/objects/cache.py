"""Cached results of the page "Objects", each cache with a size limit."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from attnviz.analysis.certainty import Certainty
from attnviz.analysis.class_maps import ClassMaps, class_maps, finer_map
from attnviz.analysis.objects import FoundObjects, objects
from attnviz.analysis.plain_pass import judged
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.types import FloatArray
from attnviz.ui.kit.candidates import likely_classes
from attnviz.ui.kit.pickers import Photo
from attnviz.ui.kit.shared import CacheShelf, shared

Key = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class PhotoClasses:
    """A picture and a network; `key` determines all maps computed from them."""

    photo: Photo
    model: VisionModel

    @property
    def key(self) -> Key:
        """Cache key: checksums and names."""
        return (self.photo.shown.sha256, *self.model.key)

    @cached_property
    def chances(self) -> FloatArray:
        """Probability of each class, float32 [classes]."""
        return _judged(self.key, self.model, self.photo.shown)[0]

    @property
    def certainty(self) -> Certainty | None:
        """How sure the network is of the most probable class."""
        return _judged(self.key, self.model, self.photo.shown)[1]

    @cached_property
    def likely(self) -> ClassMaps:
        """Maps of the classes that are candidates for a clicked point."""
        return likely_classes(self.key, self.model, self.photo.shown)

    def maps(self, classes: tuple[int, ...]) -> ClassMaps:
        """Compute the maps of classes; each new set of classes takes one forward pass."""
        return _maps(self.key, tuple(sorted(classes)), self.model, self.photo.shown)

    def finer(self, wanted: int, against: int) -> ClassMaps:
        """Compute Finer-CAM of the class `wanted` against the class `against`."""
        return _finer(self.key, wanted, against, self.model, self.photo.shown)

    def label(self, index: int) -> str:
        """Return the class's name, with its index if another class has the same name."""
        name = self.model.label(index)
        return f"{name} ({index})" if self._names[name] > 1 else name

    @cached_property
    def _names(self) -> Counter[str]:
        return Counter(self.model.labels)


@shared(CacheShelf.EXPLANATIONS)
def _judged(
    key: Key, _model: VisionModel, _picture: Picture
) -> tuple[FloatArray, Certainty | None]:
    del key
    return judged(_model, _picture)


@shared(CacheShelf.EXPLANATIONS)
def objects_of(key: Key, count: int, _model: VisionModel, _picture: Picture) -> FoundObjects:
    """Find the objects of a picture without labels.

    Parameters
    ----------
    key : tuple of str
        Determines picture and network.
    count : int
        How many objects at most.
    _model : VisionModel
        The network.
    _picture : Picture
        The picture.

    Returns
    -------
    FoundObjects
        The objects.
    """
    del key
    return objects(_model, _picture, count)


@shared(CacheShelf.EXPLANATIONS)
def _maps(key: Key, classes: tuple[int, ...], _model: VisionModel, _picture: Picture) -> ClassMaps:
    del key
    return class_maps(_model, _picture, classes)


@shared(CacheShelf.EXPLANATIONS)
def _finer(
    key: Key, wanted: int, against: int, _model: VisionModel, _picture: Picture
) -> ClassMaps:
    del key
    return finer_map(_model, _picture, wanted, [against])
