"""`attnviz app`: start the app."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Annotated

import typer

from attnviz.assets import app_script


def app(
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8501,
    hosted: Annotated[
        bool, typer.Option(help="Serve other computers too, and open no browser here.")
    ] = False,
) -> None:
    """Start the app and open it in the browser. Without --hosted only this computer reaches it."""
    address = "0.0.0.0" if hosted else "127.0.0.1"  # noqa: S104 - what --hosted asks for
    command = [sys.executable, "-m", "streamlit", "run", str(app_script())]
    command += [f"--server.port={port}", f"--server.address={address}"]
    if hosted:
        command.append("--server.headless=true")
    if os.name == "posix":  # the app takes this process over, so that a signal reaches it
        os.execv(command[0], command)  # noqa: S606 - no part of it comes from outside
    try:
        code = subprocess.call(command)  # noqa: S603 - likewise
    except KeyboardInterrupt:  # Ctrl-C is how the app is stopped
        code = 0
    raise typer.Exit(code)
