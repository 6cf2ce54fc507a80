"""What a run's own process gets of the app's environment."""

from __future__ import annotations

import os

from attnviz.hosting import Hosting

_NEEDED = (
    "HF_HOME", "HOME", "LANG", "LD_LIBRARY_PATH", "LOGNAME", "PATH", "SYSTEMROOT", "TEMP", "TMP",
    "TMPDIR", "TZ", "USER", "VIRTUAL_ENV",
)  # fmt: skip
_FAMILIES = (
    "ATTNVIZ_", "CUDA_", "KMP_", "LC_", "MKL_", "NVIDIA_", "OMP_", "OPENBLAS_", "PYTHON",
    "PYTORCH_", "TORCH", "XDG_",
)  # fmt: skip
_SECRET = ("KEY", "PASSWORD", "SECRET", "TOKEN")


def run_environment() -> dict[str, str] | None:
    """Return the variables that a run's process gets; None for all of them.

    The runs of a hosted app open strangers' pictures, and get what they need alone: no keys.
    """
    if not Hosting.from_environment().hosted:
        return None
    return {name: value for name, value in os.environ.items() if _is_needed(name)}


def _is_needed(name: str) -> bool:
    named = name in _NEEDED or name.startswith(_FAMILIES)
    return named and not any(word in name for word in _SECRET)
