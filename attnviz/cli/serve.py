"""`attnviz serve`: look for the app, and for others, over the network."""

from __future__ import annotations

from typing import Annotated

import typer


def serve(
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="A name from `attnviz models`, loaded at once; may be repeated (default: all "
            "whose weights are on this computer, when they are asked for)."
        ),
    ] = None,
    host: Annotated[
        str,
        typer.Option(
            help="Address to listen on. Other than 127.0.0.1 needs ATTNVIZ_SERVER_TOKEN to be set."
        ),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8600,
    replicas: Annotated[
        int, typer.Option(help="Processes with networks, side by side.", min=1, max=256)
    ] = 1,
    memory_mb: Annotated[
        int | None,
        typer.Option(
            help="Megabytes of networks that each keeps loaded (default: a third of the memory).",
            min=1,
        ),
    ] = None,
    gpu_share: Annotated[
        float, typer.Option(help="How much of a GPU each takes.", min=0.01, max=1)
    ] = 1.0,
    batch_size: Annotated[
        int, typer.Option(help="Looks that share a pass, at most.", min=1, max=256)
    ] = 16,
    queue: Annotated[
        int, typer.Option(help="Looks that may wait; more are told to come again.", min=0, max=1000)
    ] = 32,
) -> None:
    """Look for the app over the network: it sends a picture and a question, and gets the maps.

    The app uses the server whose address is in ATTNVIZ_SERVER. Looks that ask the same of one
    network at the same time share a pass. See docs/serving.md; needs attnviz[ray].
    """
    from attnviz.models.memory import system_memory
    from attnviz.serving.server import serve_looks
    from attnviz.serving.settings import ServeSettings, token_from_environment, usual_memory

    memory = memory_mb * 2**20 if memory_mb else usual_memory(system_memory().total, replicas)
    settings = ServeSettings(
        tuple(dict.fromkeys(model or ())),
        host,
        port,
        replicas,
        memory,
        gpu_share,
        batch_size,
        chairs=queue,
        token=token_from_environment(),
    )
    serve_looks(settings, typer.echo)
