"""Layers: what every layer and head attends to."""

from attnviz.ui.app import opened_alone, run
from attnviz.ui.layers_page import show

if opened_alone():
    run()
else:
    show()
