"""`attnviz batch`: many pictures, their maps and numbers, in one folder."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attnviz.cli.models import DEFAULT_HELP, open_model
from attnviz.cli.options import InputSize, MethodName, Radius
from attnviz.cli.progress_bar import bar
from attnviz.training.cli import Device

if TYPE_CHECKING:
    from attnviz.batch.picture_file import PictureFile
    from attnviz.batch.ray_cluster import RayCluster

_STOPPED = 130  # as shells number what Ctrl-C ended


def batch(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            metavar="INPUT",
            help="A folder of pictures or videos, a pattern like 'x/**/*.jpg', a CSV or Parquet "
            'file with a column "path", a ZIP or TAR (also a shard of WebDataset), or a video.',
        ),
    ],
    out: Annotated[Path, typer.Option(help="The folder for the results.")],
    model: Annotated[
        str | None,
        typer.Option(help=f"A name from `attnviz models`, or a .safetensors file {DEFAULT_HELP}."),
    ] = None,
    method: MethodName = "auto",
    target: Annotated[
        list[str] | None,
        typer.Option(help="What to explain in all pictures (default: the top prediction of each)."),
    ] = None,
    input_size: InputSize = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Pictures in a pass (default: as the device allows).", min=1)
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(help="Processes that open pictures (default: spare cores).", min=0),
    ] = None,
    precision: Annotated[
        str, typer.Option(help="float32, or bfloat16 or float16 for autocast.")
    ] = "float32",
    focus: Annotated[
        str | None,
        typer.Option(
            help="Focus pictures to write: all, sample:100, or the first of an order, such as "
            "uncertain:20 (certain, flat, central, off-centre, outside-box). Those of another "
            "--radius are removed."
        ),
    ] = None,
    radius: Radius = 24.0,
    against: Annotated[
        Path | None,
        typer.Option(
            help="Results of another model over the same pictures: says where the two disagree."
        ),
    ] = None,
    sanity: Annotated[
        int,
        typer.Option(
            help="Pictures for which the weights are made random, to see whether maps change.",
            min=0,
        ),
    ] = 0,
    budget: Annotated[
        bool,
        typer.Option(
            "--budget",
            help="Also measure how much of each picture must stay sharp (250 passes each).",
        ),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Report problems only.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print a summary as one JSON line.")] = False,
    device: Device = "auto",
    engine: Annotated[
        str, typer.Option(help="local, or ray for many processes and machines (attnviz[ray]).")
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(
            help="Ray: a cluster whose machines share INPUT and OUT (default: this machine)."
        ),
    ] = None,
    networks: Annotated[
        int | None,
        typer.Option(
            help="Ray: copies of the network side by side (default: as GPUs or processors allow).",
            min=1,
        ),
    ] = None,
    gpu_share: Annotated[
        float, typer.Option(help="Ray: how much of a GPU each copy takes.", min=0.01, max=1)
    ] = 1.0,
) -> None:
    """Explain many pictures: a row of numbers for each, its maps, and a page over all of them.

    OUT gets scores.parquet, maps/ (float16 on each layer's own grid), index.html over all of them,
    and manifest.json when all is there. Work that was stopped goes on when the same command is
    given again, and ends as if it had not been stopped. The exit code is 0, 1 if some pictures
    failed, or 130 if it was stopped.
    """
    from attnviz.analysis.explain_together import Asked
    from attnviz.batch.against import write_against
    from attnviz.batch.decoding import spare_processors
    from attnviz.batch.focus_pictures import chosen_pictures, parsed_choice, write_focus_pictures
    from attnviz.batch.part_work import work_here
    from attnviz.batch.parts import ResultFolder
    from attnviz.batch.run import BatchRun
    from attnviz.batch.set_findings import findings_of
    from attnviz.batch.set_page import rewrite_page
    from attnviz.cli.explain import as_asked
    from attnviz.cli.output import check_folder
    from attnviz.cli.set_formats import write_formats
    from attnviz.cli.terminal import path_text
    from attnviz.evidence.set_measures import BudgetMeasure
    from attnviz.evidence.set_sanity import check_set
    from attnviz.json_lines import json_line

    started = time.perf_counter()
    check_folder(out)
    if focus:
        parsed_choice(focus)  # what is mistyped is told before the work, not after it
    if against is not None:
        ResultFolder(against).require_whole()
    if address is not None:
        _check_shared(Path(source), out)
    files = _files(Path(source), out)
    loaded = open_model(model, device, input_size=input_size)
    asked = Asked(method, as_asked(target or (), loaded.labels) or None, precision)
    measures = {"blur_budget": BudgetMeasure(loaded)} if budget else {}
    spread, opening = work_here, spare_processors() if workers is None else workers
    if engine != "local":
        spread, opening = _ray(engine, address, networks, gpu_share), workers or 0
    given = {"command": sys.argv[1:]}
    run = BatchRun(loaded, files, asked, batch_size, opening, given, measures, spread)
    try:
        with bar("Explaining", quiet or json, unit=" pictures") as progress:
            folder = run(out, progress)
        with bar("Drawing", quiet or json, unit=" pictures") as progress:
            chosen = chosen_pictures(folder.scores(), focus) if focus else ()
            lost = write_focus_pictures(
                folder, files, loaded.preprocess, chosen, radius=radius, progress=progress
            )
        found_out = []
        if against is not None:
            with bar("Comparing", quiet or json, unit=" pictures") as progress:
                write_against(folder, ResultFolder(against), progress)
        if sanity:
            with bar("Testing", quiet or json, unit=" pictures") as progress:
                check_set(folder, loaded, files, sanity, asked.target, progress)
        if against is not None or sanity:
            rewrite_page(folder)
            found_out = [finding.text for finding in findings_of(folder.manifest())]
        with bar("Writing", quiet or json, unit=" pictures") as progress:
            left_out = write_formats(context, folder, progress)
    except KeyboardInterrupt:
        typer.echo("\nStopped. The same command goes on from here.", err=True)
        raise typer.Exit(_STOPPED) from None
    errors = int(folder.manifest()["errors"])
    for problem in (*lost, *left_out):
        typer.echo(str(problem), err=True)
    if json:
        record = {
            "pictures": len(files),
            "errors": errors,
            "out": str(out),
            "seconds": time.perf_counter() - started,
        }
        typer.echo(json_line(record))
    elif not quiet:
        typer.echo(f"{len(files):,} pictures in {path_text(out)}.")
        for text in found_out:
            typer.echo(text)
    if errors:
        rows = folder.scores().select(["path", "error"]).drop_null().slice(0, 10).to_pylist()
        for row in rows:
            typer.echo(f"{path_text(Path(row['path']))}: {row['error']}", err=True)
        more = f" The first {len(rows)} are above." if errors > len(rows) else ""
        typer.echo(f"{errors:,} of {len(files):,} pictures failed.{more}", err=True)
        raise typer.Exit(1)


def _files(source: Path, out: Path) -> list[PictureFile]:
    from attnviz.batch.listing import files_of, files_of_folder, is_archive, is_table
    from attnviz.cli.inputs import input_pictures
    from attnviz.video.frame_files import files_of_video, is_video, videos_below

    if source.is_file() and (is_table(source) or is_archive(source)):
        return files_of(source, out)
    if source.is_file() and is_video(source):
        return list(files_of_video(source))
    films = videos_below(source, out) if source.is_dir() else []
    frames = [frame for film in films for frame in files_of_video(film)]
    found = input_pictures([source], out)
    if frames and found[0].problem is not None:  # a folder without any other picture
        return list(frames)
    for one in found:
        if one.problem is not None:
            raise one.problem
    return [*files_of_folder([one.path for one in found]), *frames]


def _check_shared(*paths: Path) -> None:
    """Raise where machines of a cluster would each look for a path below a folder of their own."""
    from attnviz.cli.terminal import path_text
    from attnviz.errors import ClusterError

    for path in paths:
        if not path.is_absolute():
            raise ClusterError(
                f"{path_text(path)} is a path below this machine's folder. Give the whole path "
                "under which all machines of the cluster see it, such as "
                f"{path_text(path.resolve())}."
            )


def _ray(engine: str, address: str | None, networks: int | None, gpu_share: float) -> RayCluster:
    from attnviz.batch.ray_cluster import RayCluster
    from attnviz.errors import UnknownNameError

    if engine != "ray":
        raise UnknownNameError("engine", engine, ("local", "ray"))
    return RayCluster(address, networks, gpu_share)
