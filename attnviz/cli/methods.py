"""`attnviz methods`: what can be computed, at what cost, and on which model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from attnviz.training.cli import AsJson

if TYPE_CHECKING:
    from attnviz.methods.base import Method


def methods(
    model: Annotated[
        str | None, typer.Option(help="Also say which methods fit this model.")
    ] = None,
    json: AsJson = False,
) -> None:
    """List the methods: attention or relevance, what they read, and their cost."""
    from attnviz.json_lines import json_line
    from attnviz.methods.base import METHODS
    from attnviz.methods.questions import methods_for
    from attnviz.models.catalogue import find_model

    spec = None if model is None else find_model(model)
    listed = METHODS if spec is None else [*methods_for(spec)]
    others = [] if spec is None else [method for method in METHODS if method not in listed]
    for method in (*listed, *others):
        if json:
            record = {
                "name": method.name,
                "title": method.title,
                "nature": str(method.nature),
                "reads": method.kind or "scores",
                "cost": cost_in_words(method),
                "paper": method.paper,
                "fits": None if spec is None else method in listed,
            }
            typer.echo(json_line(record))
            continue
        fit = "" if spec is None else ("fits" if method in listed else "does not fit")
        reads = method.kind or "scores"
        line = f"{method.name:24} {method.nature:10} {reads:9} {cost_in_words(method):32} {fit}"
        typer.echo(line.rstrip())


def cost_in_words(method: type[Method]) -> str:
    """Describe how often a method runs the network for one picture."""
    if method.many_passes:
        return "many passes"
    return "1 forward and 1 backward pass" if method.gradients else "1 forward pass"
