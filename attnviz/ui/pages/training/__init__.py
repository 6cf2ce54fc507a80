"""The page "Training": runs, recordings, and how attention develops."""
