"""A grid of maps, models x methods, stepped together, and the difference of two of them."""
