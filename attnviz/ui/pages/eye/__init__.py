"""Page "Eye": the picture as a retina samples it, with scanpaths."""
