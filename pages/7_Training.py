"""Training: attention comes into focus as a network learns."""

from attnviz.ui.app import open_page
from attnviz.ui.pages.training.page import show

open_page(show)
