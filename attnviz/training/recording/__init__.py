"""Recordings: attention of chosen pictures, stored at every checkpoint of a training."""
