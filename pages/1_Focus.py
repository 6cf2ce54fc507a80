"""Focus: what the model attends to stays sharp, the surround falls into bokeh."""

from attnviz.ui.app import open_page
from attnviz.ui.pages.focus.page import show

open_page(show)
