"""What the map under test and its baseline maps are called beside their curves."""

from __future__ import annotations

THIS_MAP = "this map"
RANDOM = "random, as smooth"
CENTRED = "centred disc"
INVERTED = "the map inverted"
