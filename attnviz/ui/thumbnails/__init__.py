"""A row of small pictures to choose one from, as a Streamlit component of our own.

`pick_thumbnail` is all that a page needs. The browser's side stands beside it as plain HTML, CSS
and JavaScript, without a build step and without anything from the network.
"""

from __future__ import annotations

from attnviz.ui.thumbnails.packing import Thumbnail, pack, thumbnail_jpeg
from attnviz.ui.thumbnails.row import pick_thumbnail

__all__ = ["Thumbnail", "pack", "pick_thumbnail", "thumbnail_jpeg"]
