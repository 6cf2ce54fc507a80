"""The command `attnviz train-lens`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def train_lens(
    data: Annotated[
        Path,
        typer.Option(help="Folder with imagenette-144.tar, lens-train, coco128 and osie."),
    ],
    out: Annotated[
        Path, typer.Option(help="Folder for the checkpoint, the weights and the recording.")
    ] = Path("runs/lens"),
    steps: Annotated[int, typer.Option(help="Most optimiser steps.")] = 4000,
    minutes: Annotated[float, typer.Option(help="Most minutes.")] = 60.0,
    batch: Annotated[int, typer.Option(help="Pictures per step.")] = 16,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 0,
) -> None:
    """Train the masks of `lens` over EfficientNet-Lite0. An interrupted run resumes."""
    from attnviz.training.lens.pictures import load_pictures
    from attnviz.training.lens.run import LensRun
    from attnviz.training.lens.trainer import LensRecipe

    recipe = LensRecipe(steps=steps, minutes=minutes, batch=batch, seed=seed)
    run = LensRun(out, load_pictures(data, seed=seed), recipe, typer.echo)
    typer.echo(f"Weights and recording are in {run.finish()}.")
