"""Versions of the libraries that a result depends on, for its file."""

from __future__ import annotations

import json
import platform

import torch
import torchvision

from attnviz.version import __version__


def versions() -> str:
    """Versions of attnviz, torch, torchvision and Python, as one line of JSON."""
    return json.dumps(
        {
            "attnviz": __version__,
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
            "python": platform.python_version(),
        }
    )
