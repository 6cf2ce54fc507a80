"""`attnviz models`: the available models."""

from __future__ import annotations

import typer

DEFAULT_HELP = "(default: the first of `attnviz models`)"


def model_or_default(name: str | None) -> str:
    """Return the name of a model, or of the one to begin with, and say if another is missing."""
    from attnviz.models.catalogue import default_model, missing_default

    if name is not None:
        return name
    chosen = default_model()
    if missing := missing_default():
        typer.echo(f"{missing} {chosen} is used instead.", err=True)
    return chosen


def models() -> None:
    """List the available models, the attention they have, and their download size."""
    from attnviz.models.catalogue import list_models

    for spec in list_models():
        cost = "ships with attnviz"
        if not spec.embedded:
            cost = f"{(spec.download_bytes or 0) / 1e6:.0f} MB to download"
        typer.echo(f"{spec.name:28} {', '.join(spec.kinds):20} {cost}")
