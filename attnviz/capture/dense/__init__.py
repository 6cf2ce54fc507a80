"""The classifier, applied densely: at every cell of the last feature map."""
