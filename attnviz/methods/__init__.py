"""Methods: from a trace to one map for each layer. One file a method; each registers itself."""

from __future__ import annotations

import sys

from attnviz.methods.base import METHODS, LayerMaps, Method, Nature
from attnviz.registry import import_all

import_all(sys.modules[__name__])

__all__ = ["METHODS", "LayerMaps", "Method", "Nature"]
