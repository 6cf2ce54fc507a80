"""The command line: `python -m attnviz explain | models | train | evaluate | agreement`."""

from __future__ import annotations

from attnviz.cli import cli

if __name__ == "__main__":
    cli()
