"""The parts of the page "Layers": one file for each kind of attention, and what they share."""
