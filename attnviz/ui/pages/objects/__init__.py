"""The page "Objects": choices, the viewer, and the cards below it."""
