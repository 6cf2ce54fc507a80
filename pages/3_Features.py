"""Features: what the model knows of each patch, as colours, and where it knows the same."""

from attnviz.ui.app import open_page
from attnviz.ui.pages.features.page import show

open_page(show)
