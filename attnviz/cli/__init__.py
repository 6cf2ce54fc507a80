"""The command line `attnviz`, also `python -m attnviz`: one file per command.

Names and options are those of the Python interface. Each command imports what it needs when it
runs, so that `attnviz --help` answers at once.
"""

from __future__ import annotations

from attnviz.cli.program import cli

__all__ = ["cli"]
