"""`python -m attnviz`: the same as the command `attnviz`."""

from __future__ import annotations

from attnviz.cli import cli

if __name__ == "__main__":
    cli()
