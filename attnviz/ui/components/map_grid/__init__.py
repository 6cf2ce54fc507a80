"""The page "Compare": models x methods in a grid, stepped together, and where two maps differ."""
