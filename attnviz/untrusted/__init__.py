"""What is checked of everything that comes from outside, before it is used."""
