"""Versions of the libraries that a result depends on, for its file."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version

import torch

from attnviz.version import __version__


def versions() -> str:
    """Versions of attnviz, torch, torchvision and Python, as one line of JSON."""
    return json.dumps(
        {
            "attnviz": __version__,
            "torch": torch.__version__,
            "torchvision": version("torchvision"),  # to import it takes as long as torch
            "python": platform.python_version(),
        }
    )
