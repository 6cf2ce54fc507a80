"""The program: its commands, its options, and how errors end it."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from attnviz.cli.agreement import agreement
from attnviz.cli.app import app
from attnviz.cli.batch import batch
from attnviz.cli.explain import explain
from attnviz.cli.exports import exports
from attnviz.cli.features import features
from attnviz.cli.methods import methods
from attnviz.cli.models import models
from attnviz.cli.report import report
from attnviz.cli.serve import serve
from attnviz.cli.set_formats import SetCommand
from attnviz.cli.terminal import accept_all_characters
from attnviz.cli.video import video
from attnviz.errors import AttnvizError
from attnviz.training.cli import evaluate, train
from attnviz.training.lens.command import train_lens
from attnviz.version import __version__

NAME = "attnviz"


class Commands(TyperGroup):
    """A group of commands in which our own errors end the program with their one sentence."""

    def main(self, *args: Any, **options: Any) -> Any:
        """Run under our own name: completion would be installed for `python` otherwise."""
        if len(args) < 2:  # the second is `prog_name`
            options["prog_name"] = NAME
        accept_all_characters()
        return super().main(*args, **options)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; an `AttnvizError` goes to standard error, and the exit code is 1."""
        try:
            return super().invoke(ctx)
        except AttnvizError as error:
            typer.echo(str(error), err=True)
        except BrokenPipeError:
            raise
        except OSError as error:
            typer.echo(
                f"{_of_system(error)} Check the path, its permissions and the disk.", err=True
            )
        raise typer.Exit(1) from None


def _of_system(error: OSError) -> str:
    reason = error.strerror or str(error) or type(error).__name__
    return f"{error.filename} cannot be used ({reason})." if error.filename else f"{reason}."


cli = typer.Typer(
    cls=Commands,
    help="See where vision models look.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _show_version(requested: bool) -> None:
    if requested:
        typer.echo(__version__)
        raise typer.Exit


@cli.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """See where vision models look."""
    del version


for command in (
    app,
    serve,
    models,
    methods,
    explain,
    batch,
    exports,
    features,
    report,
    video,
    agreement,
    train,
    train_lens,
    evaluate,
):
    cli.command(cls=SetCommand if command is batch else None)(command)
