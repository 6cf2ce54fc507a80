"""A photo with the fixations of one person, played in time."""
