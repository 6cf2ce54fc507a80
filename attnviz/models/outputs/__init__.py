"""Outputs that are no scores of classes: boxes, masks, and classes of each position."""
