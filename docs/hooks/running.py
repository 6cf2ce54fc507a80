"""Runs code for the site in a process of its own: attnviz changes while `mkdocs serve` runs."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from mkdocs.exceptions import PluginError

ROOT = Path(__file__).resolve().parents[2]
PICTURES = frozenset({".png", ".jpg", ".webp", ".gif"})


def run_code(files: Iterable[Path]) -> Path:
    """Run scripts and the blocks of pages; the folder with what they made, see `run_files.py`."""
    folder = tempfile.mkdtemp()
    script = Path(__file__).with_name("run_files.py")
    done = subprocess.run(
        [sys.executable, str(script), folder, *map(str, files)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PluginError(f"Code of the documentation fails:\n{done.stderr}")
    return Path(folder)
