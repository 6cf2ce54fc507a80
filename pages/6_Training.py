"""Training: attention comes into focus as a network learns."""

from attnviz.ui.app import open_page
from attnviz.ui.training_page import show

open_page(show)
