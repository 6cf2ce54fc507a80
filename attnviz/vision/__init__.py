"""Models of human vision: eye, saliency, scanpaths. Arrays in, arrays out."""
