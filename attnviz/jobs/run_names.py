"""Names of the folders of runs: when they started, and what sets them apart."""

from __future__ import annotations

import time
from pathlib import Path


def new_run_folder(parent: Path, title: str) -> Path:
    """Make the folder of a new run below `parent`, with a name that no other one has."""
    name = f"{time.strftime('%Y-%m-%d %H.%M.%S')} {title}"
    folder = parent / name
    number = 1
    while folder.exists():
        number += 1
        folder = parent / f"{name} {number}"
    folder.mkdir(parents=True)
    return folder
