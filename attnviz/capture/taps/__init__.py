"""Taps: what is read at a site during a pass, one file for each kind of attention."""
