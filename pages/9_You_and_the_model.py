"""You and the model: look at a blurred photo through a few sharp spots; then the model does."""

from attnviz.ui.app import open_page
from attnviz.ui.pages.you_and_the_model.page import show

open_page(show)
