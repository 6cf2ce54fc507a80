"""`attnviz models`: the available models."""

from __future__ import annotations

import typer


def models() -> None:
    """List the available models, the attention they have, and their download size."""
    from attnviz.models.catalogue import list_models

    for spec in list_models():
        cost = "ships with attnviz"
        if not spec.embedded:
            cost = f"{(spec.download_bytes or 0) / 1e6:.0f} MB to download"
        typer.echo(f"{spec.name:28} {', '.join(spec.kinds):20} {cost}")
