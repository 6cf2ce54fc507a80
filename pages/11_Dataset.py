"""Dataset: one network over a folder of pictures, the odd ones first."""

from attnviz.ui.app import open_page
from attnviz.ui.pages.dataset.page import show

open_page(show)
