"""Page "Compare": models and methods side by side on one scale."""
