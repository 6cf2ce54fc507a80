"""The blur budget as a table to move over, which shows what the network was given in each cell.

`show_budget` is all that a page needs. The browser has the picture at every radius and knows which
pixels each share keeps sharp: it puts any cell's picture together itself, and asks the server
nothing.
"""

from __future__ import annotations

from attnviz.ui.components.budget_table.component import show_budget
from attnviz.ui.components.budget_table.packing import pack

__all__ = ["pack", "show_budget"]
