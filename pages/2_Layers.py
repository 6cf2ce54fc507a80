"""Layers: what every layer and head attends to."""

from attnviz.ui.app import open_page
from attnviz.ui.pages.layers.page import show

open_page(show)
