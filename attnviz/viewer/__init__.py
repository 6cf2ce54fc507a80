"""The viewer without its home: what it is sent, and its script, which every home loads unchanged.

The app mounts it as a component (`attnviz.ui.components.viewer`); a report carries it along,
and a notebook shows it as a widget (`attnviz.notebook`).
"""
