"""One picture or several, through one model: maps of every layer, of every class, at a point."""
