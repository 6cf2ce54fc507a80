"""Which programs a result comes from, as its file says."""

from __future__ import annotations

import json
import platform

import torch
import torchvision

from attnviz.version import __version__


def versions() -> str:
    """attnviz and what decides its numbers, by name, as one line of JSON."""
    return json.dumps(
        {
            "attnviz": __version__,
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
            "python": platform.python_version(),
        }
    )
