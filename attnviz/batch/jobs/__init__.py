"""Runs over many pictures as processes of their own, which the app starts, watches and stops."""
