"""A row of small pictures to choose one from, as a Streamlit component of our own.

`pick_thumbnail` is all that a page needs. The browser's side stands beside it as plain HTML, CSS
and JavaScript, without a build step and without anything from the network.
"""

from __future__ import annotations

from attnviz.ui.components.thumbnails.component import pick_thumbnail
from attnviz.ui.components.thumbnails.packing import Thumbnail, pack, thumbnail_jpeg

__all__ = ["Thumbnail", "pack", "pick_thumbnail", "thumbnail_jpeg"]
