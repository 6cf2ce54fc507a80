"""Capture attention and features of a network: sites, taps, and one pass that fills a trace."""
