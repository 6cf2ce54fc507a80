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
    from tqdm import tqdm

    from attnviz.people.door import agreement as agreement_of
    from attnviz.people.rows import row_json

    with tqdm(desc="Comparing", unit="") as bar:

        def report(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        found = agreement_of(
            listed_names([model_or_default(models)]),
            data,
            listed_names([methods]),
            limit=limit,
            pixels_per_degree=degree,
            device=device,
            progress=report,
        )
    page = found.to_markdown()
    lines = map(row_json, found.rows) if json else [page]
    typer.echo("\n".join(lines))  # first: it took long, and `out` may not be writable
    if out is not None:
        write_file(out, page.encode())
