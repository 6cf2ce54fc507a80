"""Targets: what a map is to explain. Each file registers its own kind of question."""

from __future__ import annotations

import sys

from attnviz.registry import import_all
from attnviz.targets.base import TARGETS, Part, Passed, Target, TextContext

import_all(sys.modules[__name__])

__all__ = ["TARGETS", "Part", "Passed", "Target", "TextContext"]
