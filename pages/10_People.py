"""People: where people really looked, and how near each model comes."""

from attnviz.ui.app import open_page
from attnviz.ui.pages.people.page import show

open_page(show)
