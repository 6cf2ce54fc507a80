"""Options of `attnviz batch` for formats of other programs: one for each writer that there is."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

if TYPE_CHECKING:
    from attnviz.batch.parts import ResultFolder
    from attnviz.progress import Progress

_KEY = "attnviz.set formats"


class SetCommand(TyperCommand):
    """A command with an option for each writer; `write_formats` writes what was asked for."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Its own options, and those of the writers; they are looked for when it is called."""
        own: list[Any] = super().get_params(ctx)
        return [*own[:-1], *_format_options(), own[-1]]  # the last is help


def _format_options() -> list[Any]:
    """The options as Typer makes them of a function's parameters."""
    from attnviz.batch.writers.base import set_writers

    hints = {kind.name: _hint(kind) for kind in set_writers()}

    def formats(**_given: Path | None) -> None:
        """Has the parameters below."""

    formats.__annotations__ = dict(hints)
    formats.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=hint)
            for name, hint in hints.items()
        ]
    )
    asked = typer.Typer(add_completion=False)
    asked.command()(formats)
    return list(typer.main.get_command(asked).params)


def _hint(kind: Any) -> Any:
    option = typer.Option(
        f"--{kind.name}",
        metavar=kind.place,
        help=kind.title,
        callback=_remember(kind),
        expose_value=False,
    )
    return Annotated[Path | None, option]


def _remember(kind: Any) -> Callable[[typer.Context, Path | None], None]:
    def remember(context: typer.Context, value: Path | None) -> None:
        if value is not None:
            context.meta.setdefault(_KEY, {})[kind] = value

    return remember


def write_formats(
    context: typer.Context, folder: ResultFolder, progress: Progress | None = None
) -> list[str]:
    """Write the formats that a command was asked for; return what was left out of them."""
    from attnviz.batch.writers.base import SetResults

    wanted: dict[Any, Path] = context.meta.get(_KEY, {})
    results = SetResults(folder, progress)
    told = [kind().write(results, path) for kind, path in wanted.items()]
    return [text for text in told if text]
