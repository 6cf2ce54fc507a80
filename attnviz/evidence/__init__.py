"""Does the region matter? Parts kept or taken away, and what the model makes of the rest."""
