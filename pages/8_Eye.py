"""Eye: the picture as a retina samples it, and a model's attention played as a gaze."""

from attnviz.ui.app import open_page
from attnviz.ui.pages.eye.page import show

open_page(show)
