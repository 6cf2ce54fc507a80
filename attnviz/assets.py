"""Where the files lie that come with the project: weights, recordings, icons."""

from __future__ import annotations

from pathlib import Path


def assets_folder() -> Path:
    """The folder `assets` beside the package; missing where only the package is installed."""
    return Path(__file__).resolve().parent.parent / "assets"
