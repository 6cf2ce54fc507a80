"""Functions, and all other callables, as black boxes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attnviz.models.black_box.handed import Handed, Takes, unknown_digest


def from_function(function: Callable[[Any], Any]) -> Handed:
    """Hand over anything callable; it is given NumPy arrays unless something else is asked for."""
    name = getattr(function, "__name__", type(function).__name__)
    return Handed(function, Takes.ARRAY, name.strip("<>"), unknown_digest())
