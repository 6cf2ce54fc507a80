"""Layers: what every layer and head attends to."""

from attnviz.ui.layers_page import show

show()
