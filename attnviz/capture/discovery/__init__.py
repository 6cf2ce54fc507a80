"""Discovery: find the sites of a network by running it once, without lists of class names."""
