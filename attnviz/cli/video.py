"""`attnviz video`: a video whose focus is sharp."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from attnviz.cli.explain import as_asked
from attnviz.cli.models import DEFAULT_HELP, open_model
from attnviz.cli.options import InputSize, MethodName, Radius
from attnviz.cli.progress_bar import bar
from attnviz.training.cli import AsJson, Device

if TYPE_CHECKING:
    from attnviz.video.maps_over_time import MapsOverTime

_STOPPED = 130  # as shells number what Ctrl-C ended


def video(
    source: Annotated[
        Path, typer.Argument(help="A video, an animated GIF or WebP, or a folder of frames.")
    ],
    model: Annotated[
        str | None,
        typer.Option(help=f"A name from `attnviz models`, or a .safetensors file {DEFAULT_HELP}."),
    ] = None,
    method: MethodName = "auto",
    target: Annotated[
        list[str] | None,
        typer.Option(
            help="What to explain: a class, by label or index, or contrast:cat|dog (default: the "
            "top prediction of each frame). Repeated, the targets compete."
        ),
    ] = None,
    layer: Annotated[
        str | None, typer.Option(help="Layer whose map is shown (default: the best).")
    ] = None,
    input_size: InputSize = None,
    steady: Annotated[
        bool, typer.Option("--steady/--no-steady", help="Steady the focus over time.")
    ] = True,
    radius: Radius = 24.0,
    longest: Annotated[
        int, typer.Option(help="Longer side of the new video in pixels, at most.", min=16)
    ] = 1280,
    rate: Annotated[float, typer.Option(help="Frames a second of a folder.")] = 25.0,
    out: Annotated[Path, typer.Option(help="The file to write, an .mp4.")] = Path("video.mp4"),
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Report problems only.")] = False,
    json: AsJson = False,
    device: Device = "auto",
) -> None:
    """Write a video as MP4: sharp where the model looks, bokeh elsewhere, with times and sound.

    Work that was stopped goes on when the same command is given again: it lies in the folder
    OUT.work until the video is whole.
    """
    from attnviz.cli.output import check_folder
    from attnviz.cli.terminal import path_text
    from attnviz.json_lines import json_line
    from attnviz.video.focus_video import focus_video
    from attnviz.video.opening import open_video
    from attnviz.video.writing import VideoLook

    check_folder(out.parent)
    film = open_video(source, rate=rate)
    loaded = open_model(model, device, input_size=input_size)
    asked = as_asked(target or (), loaded.labels)
    look = VideoLook(radius)
    try:
        with bar("Looking", quiet or json) as looking, bar("Drawing", quiet or json) as drawing:
            maps = focus_video(
                loaded,
                film,
                out,
                method,
                asked or None,
                layer=layer,
                steady=steady,
                longest=longest,
                look=look,
                looking=looking,
                drawing=drawing,
            )
    except KeyboardInterrupt:
        typer.echo("\nStopped. The same command goes on from here.", err=True)
        raise typer.Exit(_STOPPED) from None
    if json:
        typer.echo(json_line(_record(maps, out)))
    elif not quiet:
        scenes = int(maps.cuts.sum())
        told = f"{len(maps.ticks)} frames" + (f" in {scenes} scenes" if scenes > 1 else "")
        typer.echo(f"{path_text(out)}: {told}. {maps.title}, {maps.layer}.")
        for note in maps.notes:
            typer.echo(f"  {note}")


def _record(maps: MapsOverTime, out: Path) -> dict[str, Any]:
    """What was done, for programs."""
    return {
        "out": str(out),
        "frames": len(maps.ticks),
        "scenes": int(maps.cuts.sum()),
        "scale": list(maps.value_range),
        "provenance": dict(maps.provenance),
        "notes": list(maps.notes),
    }
