"""Evidence: is the focus what the decision rests on?"""

from attnviz.ui.app import open_page
from attnviz.ui.pages.evidence.page import show

open_page(show)
