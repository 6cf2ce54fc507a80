"""The trace of one picture through one network, cached between runs of the pages."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.analysis.layer_trace import LayerTrace, trace_layers
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.ui.kit.pickers import Photo
from attnviz.ui.kit.shared import CacheShelf, shared

Key = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class TracedPhoto:
    """A picture's trace through a network; `key` determines everything computed from it."""

    photo: Photo
    model: VisionModel
    layers: LayerTrace
    key: Key


def trace_photo(photo: Photo, model: VisionModel) -> TracedPhoto:
    """Trace all attention of a network for a picture, in one pass that is cached.

    Parameters
    ----------
    photo : Photo
        The picture; its displayed copy is traced.
    model : VisionModel
        The network.

    Returns
    -------
    TracedPhoto
        The trace with its key.
    """
    key = (photo.shown.sha256, *model.key)
    return TracedPhoto(photo, model, _traced(key, model, photo.shown), key)


@shared(CacheShelf.EXPLANATIONS)
def _traced(key: Key, _model: VisionModel, _picture: Picture) -> LayerTrace:
    del key
    return trace_layers(_model, _picture)
