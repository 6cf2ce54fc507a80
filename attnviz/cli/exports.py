"""`attnviz exports`: what can be saved of an explanation."""

from __future__ import annotations

import typer

from attnviz.training.cli import AsJson


def exports(json: AsJson = False) -> None:
    """List what `attnviz explain --save` writes; the Save menu of the app offers the same."""
    from attnviz.export.base import exports as known
    from attnviz.export.base import in_order
    from attnviz.json_lines import json_line

    for kind in in_order(known()):
        if json:
            record = {
                "name": kind.name,
                "title": kind.title,
                "group": str(kind.group),
                "file": kind.ending(),
                "mime": kind.mime,
                "per_layer": kind.per_layer,
                "by_default": kind.by_default,
            }
            typer.echo(json_line(record))
        else:
            each = "one a layer" if kind.per_layer else "one for all layers"
            typer.echo(f"{kind.name:14} {kind.ending():20} {each:18} {kind.title}")
