"""What the page "Objects" keeps between runs, with a bound on each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import streamlit as st

from attnviz.analysis.class_maps import ClassMaps, class_maps, finer_map, likely_maps
from attnviz.analysis.explain import probabilities
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.types import FloatArray
from attnviz.ui.kit.pickers import Photo

Key = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class PhotoClasses:
    """One picture and one network; `key` decides all that can be found in it."""

    photo: Photo
    model: VisionModel

    @property
    def key(self) -> Key:
        """Checksums and names, for caches."""
        return (self.photo.shown.sha256, *self.model.key)

    @cached_property
    def chances(self) -> FloatArray:
        """The probability of each class, float32 [classes]."""
        return _chances(self.key, self.model, self.photo.shown)

    @cached_property
    def likely(self) -> ClassMaps:
        """The maps of the classes that may be found at a point."""
        return _likely(self.key, self.model, self.photo.shown)

    def maps(self, classes: tuple[int, ...]) -> ClassMaps:
        """The maps of these classes; each set of classes takes one forward pass."""
        return _maps(self.key, tuple(sorted(classes)), self.model, self.photo.shown)

    def finer(self, wanted: int, against: int) -> ClassMaps:
        """Finer-CAM of one class against another."""
        return _finer(self.key, wanted, against, self.model, self.photo.shown)

    def label(self, index: int) -> str:
        """The class's name, with its number where another class has the same name."""
        name = self.model.label(index)
        return f"{name} ({index})" if self._names[name] > 1 else name

    @cached_property
    def _names(self) -> Counter[str]:
        return Counter(self.model.labels)


@st.cache_resource(max_entries=64, ttl="2h", show_spinner=False)
def _chances(key: Key, _model: VisionModel, _picture: Picture) -> FloatArray:
    del key
    return probabilities(_model, _picture)


@st.cache_resource(max_entries=16, ttl="1h", show_spinner=False)
def _likely(key: Key, _model: VisionModel, _picture: Picture) -> ClassMaps:
    del key
    return likely_maps(_model, _picture)


@st.cache_resource(max_entries=64, ttl="1h", show_spinner=False)
def _maps(key: Key, classes: tuple[int, ...], _model: VisionModel, _picture: Picture) -> ClassMaps:
    del key
    return class_maps(_model, _picture, classes)


@st.cache_resource(max_entries=32, ttl="1h", show_spinner=False)
def _finer(
    key: Key, wanted: int, against: int, _model: VisionModel, _picture: Picture
) -> ClassMaps:
    del key
    return finer_map(_model, _picture, wanted, [against])
