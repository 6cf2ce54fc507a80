"""Page "Dataset": one network over many pictures, and what the set says."""
