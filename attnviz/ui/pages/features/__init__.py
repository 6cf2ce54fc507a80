"""Page "Features": what a network knows of each patch, and where it knows the same."""
