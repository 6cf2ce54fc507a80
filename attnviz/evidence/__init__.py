"""Evidence for a map: regions are kept, removed or randomised, and the network is run again.

The functions below are what a script needs; they are imported when first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from attnviz.evidence.door import blur_budget as blur_budget
    from attnviz.evidence.door import insertion_deletion as insertion_deletion
    from attnviz.evidence.door import regions as regions
    from attnviz.evidence.door import road as road
    from attnviz.evidence.door import sanity as sanity

__all__ = ["blur_budget", "insertion_deletion", "regions", "road", "sanity"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'attnviz.evidence' has no attribute {name!r}")
    value = getattr(importlib.import_module("attnviz.evidence.door"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
