"""Compare: models and methods side by side, on one scale."""

from attnviz.ui.app import open_page
from attnviz.ui.pages.compare.page import show

open_page(show)
