"""The parts of the page "People"."""
