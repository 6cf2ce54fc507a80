"""The page "Layers": one module for each kind of attention, and shared code."""
