"""Pictures: safe opening of untrusted files, and the sample photos of other libraries."""

from __future__ import annotations

from attnviz.pictures.limits import PictureLimits
from attnviz.pictures.opening import PictureSource, as_picture, open_picture
from attnviz.pictures.picture import Picture
from attnviz.pictures.samples import SampleInfo, list_samples, open_sample

__all__ = [
    "Picture",
    "PictureLimits",
    "PictureSource",
    "SampleInfo",
    "as_picture",
    "list_samples",
    "open_picture",
    "open_sample",
]
