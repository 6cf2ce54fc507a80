"""Scores that compare maps with fixations and with each other, in NumPy alone."""
