"""What a removed region is filled with: blur, colour, noise, a guess from its surround."""
