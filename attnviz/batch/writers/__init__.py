"""What a set leaves for other programs: one file per format."""
