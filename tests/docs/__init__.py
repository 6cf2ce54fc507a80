"""Tests of what makes the documentation's site."""
