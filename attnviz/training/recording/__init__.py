"""Recordings: attention of chosen pictures, kept at every checkpoint of a training."""
