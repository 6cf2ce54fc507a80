"""Pictures with the features of their patches: as colours, and compared with a chosen patch.

Pages call `show_board`. The browser has the features of all pictures, so choosing a patch needs no
server.
"""

from __future__ import annotations

from attnviz.ui.components.feature_board.component import show_board
from attnviz.ui.components.feature_board.packing import BoardPicture, pack

__all__ = ["BoardPicture", "pack", "show_board"]
