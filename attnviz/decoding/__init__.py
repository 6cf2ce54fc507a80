"""Strangers' files, opened in a process of their own that may take so much memory and time."""
