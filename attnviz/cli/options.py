"""The options that several commands share."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

Pictures = Annotated[
    list[Path], typer.Argument(help="Photos, folders of photos, or patterns like 'x/**/*.jpg'.")
]
MethodName = Annotated[
    str, typer.Option(help="A name from `attnviz methods`, or attention, decision or auto.")
]
InputSize = Annotated[
    int | None, typer.Option(help="Input side in pixels (default: the model's own).")
]
Radius = Annotated[float, typer.Option(help="Largest blur radius in pixels.")]


def listed_names(texts: Iterable[str]) -> tuple[str, ...]:
    """The names between commas in all texts, without repetitions."""
    names = (name.strip() for text in texts for name in text.split(","))
    return tuple(dict.fromkeys(filter(None, names)))
