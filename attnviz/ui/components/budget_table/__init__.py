"""The blur budget as an interactive table that shows the network's input for each cell.

Pages call `show_budget`. The browser has the picture at every radius and knows which pixels are
sharp at each share, so it composes the picture of any cell without the server.
"""

from __future__ import annotations

from attnviz.ui.components.budget_table.component import show_budget
from attnviz.ui.components.budget_table.packing import pack

__all__ = ["pack", "show_budget"]
