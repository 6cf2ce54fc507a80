"""Page "Focus": what the model attends to stays sharp."""
