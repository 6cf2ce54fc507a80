"""`attnviz agreement`: compare maps with people's fixations."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from attnviz.cli.models import DEFAULT_HELP, model_or_default
from attnviz.cli.output import write_file
from attnviz.training.cli import Device


def agreement(
    data: Annotated[Path, typer.Option(help="Folder with pictures and a fixations.json.")],
    models: Annotated[
        str | None,
        typer.Option(
            help="Model names, separated by commas; NAME=FILE loads a model's weights from a file "
            f"{DEFAULT_HELP}."
        ),
    ] = None,
    methods: Annotated[
        str, typer.Option(help="Methods as in `explain`, separated by commas.")
    ] = "attention,decision",
    limit: Annotated[
        int | None, typer.Option(help="Number of pictures to use (default: all).")
    ] = None,
    degree: Annotated[float, typer.Option(help="Image pixels per degree of visual angle.")] = 24.0,
    out: Annotated[Path | None, typer.Option(help="Also write the table to this file.")] = None,
    device: Device = "auto",
) -> None:
    """Compare maps of models with people's fixations, and with maps that need no model."""
    from attnviz.agreement.cli import compare_folder

    report = compare_folder(
        data,
        _names(model_or_default(models)),
        _names(methods),
        limit=limit,
        degree=degree,
        device=device,
    )
    typer.echo(report)  # first: it took long, and `out` may not be writable
    if out is not None:
        write_file(out, report.encode())


def _names(text: str) -> tuple[str, ...]:
    """The names between commas, without repetitions."""
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
