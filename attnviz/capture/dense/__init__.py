"""The classifier applied at every cell of the last feature map."""
