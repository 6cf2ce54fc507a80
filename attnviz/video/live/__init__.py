"""A camera's frames as they come: the newest is looked at, and drawn with its focus in bokeh."""
