"""`attnviz agreement`: compare maps with people's fixations."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from attnviz.cli.models import DEFAULT_HELP, model_or_default
from attnviz.cli.options import listed_names
from attnviz.cli.output import write_file
from attnviz.training.cli import AsJson, Device


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
    json: AsJson = False,
    device: Device = "auto",
) -> None:
    """Compare maps of models with people's fixations, and with maps that need no model."""
    from attnviz.agreement.cli import compare_folder
    from attnviz.agreement.rows import read_rows, row_json

    report = compare_folder(
        data,
        listed_names([model_or_default(models)]),
        listed_names([methods]),
        limit=limit,
        degree=degree,
        device=device,
    )
    lines = map(row_json, read_rows(report)) if json else [report]
    typer.echo("\n".join(lines))  # first: it took long, and `out` may not be writable
    if out is not None:
        write_file(out, report.encode())
