"""Set up and go, with nothing but Python: `python run.py app`, `python run.py tests`.

Inside a virtual environment everything is installed there; elsewhere into `.venv` beside this file,
made on first use. Works the same on Linux, macOS and Windows. What is installed are the files that
the lock names by version and checksum, and no others.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
TASKS = {
    "app": ("requirements-app.lock", ["streamlit", "run", "app.py"]),
    # Files side by side, each whole on one processor: the browser tests share an app and a browser.
    # In their order: the largest number of tests is not the longest, and the browser takes longest.
    "tests": (
        "requirements.lock",
        [
            "pytest", "-n", "auto", "--maxprocesses", "4",
            "--dist", "loadfile", "--no-loadscope-reorder",
        ],
    ),
}  # fmt: skip


def main() -> int:
    """Run the task named first; what stands behind it is handed on."""
    if len(sys.argv) < 2 or sys.argv[1] not in TASKS:
        print(f"Usage: python run.py {' | '.join(TASKS)}", file=sys.stderr)
        return 2
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever runs this may have any Python
        print(f"attnviz needs Python 3.11 or newer, not {sys.version.split()[0]}.", file=sys.stderr)
        return 2
    lock, command = TASKS[sys.argv[1]]
    python = _environment()
    install = [python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", lock]
    print(f"Installing {lock}; the first time this takes minutes.", flush=True)
    done = subprocess.call(install, cwd=ROOT)
    if done:
        return done
    try:
        return subprocess.call([python, "-m", *command, *sys.argv[2:]], cwd=ROOT)
    except KeyboardInterrupt:  # the app is stopped by Ctrl-C
        return 0


def _environment() -> str:
    """The interpreter to install for: the active environment's, or that of `.venv`."""
    if sys.prefix != sys.base_prefix or "CONDA_PREFIX" in os.environ:
        return sys.executable
    folder = ROOT / ".venv"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ready = folder / "ready"  # written last, so that a broken attempt is made anew
    if not ready.exists():
        print(f"Making a virtual environment in {folder}", flush=True)
        try:
            venv.create(folder, with_pip=True, clear=True)
        except subprocess.CalledProcessError:
            sys.exit("Python lacks its venv module. On Debian or Ubuntu: apt install python3-venv")
        ready.touch()
    return str(python)


if __name__ == "__main__":
    sys.exit(main())
