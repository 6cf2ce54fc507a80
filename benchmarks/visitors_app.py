"""The app as it is, in a server that writes to its log when it reads the weights of a network."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

from attnviz.models import loading
from benchmarks.visitor_tab import READ

_ROOT = Path(__file__).resolve().parents[1]


def _told(read: Any) -> Any:
    def reading(ref: Any, *rest: Any) -> Any:
        print(f"{READ}{ref.file_name}", file=sys.stderr, flush=True)
        return read(ref, *rest)

    reading.tells = True  # type: ignore[attr-defined]
    return reading


_READER = "read_weights"
if not hasattr(getattr(loading, _READER), "tells"):  # this script runs for each visitor
    setattr(loading, _READER, _told(getattr(loading, _READER)))
runpy.run_path(str(_ROOT / "app.py"), run_name="__main__")
