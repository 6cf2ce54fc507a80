"""Evidence: is the focus what the decision rests on?"""

from attnviz.ui.app import open_page
from attnviz.ui.evidence_page import show

open_page(show)
