"""The viewer in a notebook: the extra `attnviz[notebook]`."""
