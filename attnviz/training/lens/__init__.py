"""Training of `lens`: masks under which a class survives, and without which it is lost."""
