"""A photo with each viewer's fixations, played over time."""
