"""Models of human vision, and scores that compare maps with people. Arrays in, arrays out."""
