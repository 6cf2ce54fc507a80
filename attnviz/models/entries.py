"""Entries of what libraries hand over: configurations, and what networks return."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def entry(source: Any, name: str) -> Any:
    """Return an entry of a dictionary or an attribute of anything else; None if it has none."""
    return source.get(name) if isinstance(source, Mapping) else getattr(source, name, None)
