"""A page of a table of pictures: each with its focus, what is known of it, and a button to open it.

Headers ask for another order, and pictures to be opened; both are answered by the server, which
has all rows.
"""

from __future__ import annotations

from attnviz.ui.components.set_table.component import TableEvents, set_table, table_events
from attnviz.ui.components.set_table.packing import SetRow, TableColumn, pack

__all__ = ["SetRow", "TableColumn", "TableEvents", "pack", "set_table", "table_events"]
