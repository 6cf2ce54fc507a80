"""A row of thumbnails to choose one from, as a Streamlit component.

Pages call `pick_thumbnail`. The browser side is plain HTML, CSS and JavaScript in the same folder,
without a build step or downloads.
"""

from __future__ import annotations

from attnviz.ui.components.thumbnails.component import pick_thumbnail
from attnviz.ui.components.thumbnails.packing import Thumbnail, pack, thumbnail_jpeg

__all__ = ["Thumbnail", "pack", "pick_thumbnail", "thumbnail_jpeg"]
