"""Objects: what the picture holds, and the focus that chooses among it."""

from attnviz.ui.app import open_page
from attnviz.ui.pages.objects.page import show

open_page(show)
