"""The server of a hosted app."""
