"""Objects: what the picture holds, and the focus that chooses among it."""

from attnviz.ui.app import open_page
from attnviz.ui.objects_page import show

open_page(show)
