"""Methods: one map for each layer of a network. Each file registers its own method."""

from __future__ import annotations

import sys

from attnviz.methods.base import METHODS, Method, Nature
from attnviz.methods.inference import Inference, LayerMaps, MethodResult
from attnviz.methods.trace_method import TraceMethod
from attnviz.registry import import_all

import_all(sys.modules[__name__])

__all__ = [
    "METHODS",
    "Inference",
    "LayerMaps",
    "Method",
    "MethodResult",
    "Nature",
    "TraceMethod",
]
