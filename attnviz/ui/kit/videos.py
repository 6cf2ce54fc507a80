"""Uploaded videos: a still for all pages, and their frames for the page that shows them."""

from __future__ import annotations

from attnviz.decoding.uploads import upload_moves
from attnviz.ui.kit.shared import CacheShelf, shared
from attnviz.video.opening import VIDEO_SUFFIXES

VIDEO_TYPES = tuple(suffix[1:] for suffix in VIDEO_SUFFIXES)


@shared(CacheShelf.PICTURES, elsewhere=True)
def is_moving(checksum: str, _source: bytes) -> bool:
    """Return whether an uploaded file is a video or an animated picture."""
    return upload_moves(_source, checksum=checksum)
