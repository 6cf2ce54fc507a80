"""`attnviz methods`: what can be computed, at what cost, and on which model."""

from __future__ import annotations

from typing import Annotated

import typer

from attnviz.training.cli import AsJson


def methods(
    model: Annotated[
        str | None, typer.Option(help="Also say which methods fit this model.")
    ] = None,
    json: AsJson = False,
) -> None:
    """List the methods: attention or relevance, what they read, and their cost."""
    from attnviz.analysis.method_list import list_methods
    from attnviz.json_lines import json_line

    for method in list_methods(model):
        reads = method.kind or "scores"
        if json:
            record = {
                "name": method.name,
                "title": method.title,
                "nature": str(method.nature),
                "reads": reads,
                "cost": method.cost,
                "paper": method.paper,
                "fits": method.fits,
                "why_not": method.why_not,
            }
            typer.echo(json_line(record))
            continue
        fit = {None: "", True: "fits", False: f"does not fit: {method.why_not}"}[method.fits]
        line = f"{method.name:24} {method.nature:10} {reads:9} {method.cost:32} {fit}"
        typer.echo(line.rstrip())
