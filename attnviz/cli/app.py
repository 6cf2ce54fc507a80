"""`attnviz app`: start the app."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Annotated

import typer

from attnviz.assets import app_script
from attnviz.errors import SettingError
from attnviz.hosting import HOSTS_VARIABLE, LOOPBACK, MODE_VARIABLE, AppMode, Hosting, allowed_hosts
from attnviz.sign_in import SignIn

_HOST_HELP = (
    "A name under which people reach a hosted app, such as photos.example.org; may be repeated. "
    "'*' takes any name, for a server behind a proxy that checks it."
)


def app(
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8501,
    mode: Annotated[
        AppMode | None,
        typer.Option(
            help="local: this computer alone reaches the app. hosted: others too, who cannot open "
            f"its folders; see docs/hosting.md. By default what {MODE_VARIABLE} says, or local."
        ),
    ] = None,
    host: Annotated[list[str] | None, typer.Option(help=_HOST_HELP)] = None,
) -> None:
    """Start the app; in local mode, open it in the browser."""
    if mode is not None:
        os.environ[MODE_VARIABLE] = mode
    if host:
        os.environ[HOSTS_VARIABLE] = ",".join(host)
    hosted = Hosting.from_environment().hosted
    if SignIn.from_environment().required and find_spec("authlib") is None:
        raise SettingError("Signing in needs Authlib: pip install 'attnviz[signin]'")
    hosts = allowed_hosts() if hosted else LOOPBACK
    if not hosts:
        raise SettingError(
            "A hosted app answers only under names that it is told. Name them: --host "
            f"photos.example.org, or {HOSTS_VARIABLE}; '*' takes any, behind a proxy that checks."
        )
    # A hosted app is there to be reached from elsewhere.
    address = "0.0.0.0" if hosted else "127.0.0.1"  # noqa: S104 # nosec B104
    settings = {"server.port": port, "server.address": address, "server.allowedHosts": [*hosts]}
    command = _hosted_command(settings) if hosted else _local_command(settings)
    if os.name == "posix":  # the app takes this process over, so that a signal reaches it
        os.execv(command[0], command)  # noqa: S606 - no part of it runs in a shell
    try:
        code = subprocess.call(command)  # noqa: S603 - likewise
    except KeyboardInterrupt:  # Ctrl-C is how the app is stopped
        code = 0
    raise typer.Exit(code)


def _local_command(settings: Mapping[str, object]) -> list[str]:
    command = [sys.executable, "-m", "streamlit", "run", str(app_script())]
    for name, value in settings.items():
        values = value if isinstance(value, list) else [value]
        command += [f"--{name}={one}" for one in values]
    return command


def _hosted_command(settings: Mapping[str, object]) -> list[str]:
    """A server of our own around Streamlit's, which counts what visitors send."""
    more = {
        "server.headless": True,
        "client.showErrorDetails": "none",
        "server.maxUploadSize": max(1, Hosting.from_environment().upload_megabytes),
    }
    return [sys.executable, "-m", "attnviz.ui.server", json.dumps({**settings, **more})]
