"""Fills for a removed region: blur, uniform colour, noise, imputation from its surround."""
