"""Focus: what the model attends to stays sharp, the surround falls into bokeh."""

from attnviz.ui.focus_page import show

show()
