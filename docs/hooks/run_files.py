"""Run examples and the code of pages: `run_files.py OUTPUT FILE...`, which imports attnviz once.

Each file has a folder of its own, named by its number. A script gets `out` as its argument; the
blocks of a page run one after another, beside sample photos. `printed.json` says what each file
printed, a text a block.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import runpy
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

from blocks import code_blocks
from matplotlib import pyplot
from PIL import Image
from typer.testing import CliRunner

from attnviz.cli import cli
from attnviz.pictures import open_sample

PHOTOS = {"cat.jpg": "chelsea", "temple.jpg": "china", "coffee.jpg": "coffee"}


def run_script(path: Path) -> str:
    """Run an example, and return what it printed."""
    with printing() as output, patch.object(sys, "argv", [str(path), "out"]):
        runpy.run_path(str(path), run_name="__main__")
    return output.getvalue()


def run_page(path: Path) -> list[str]:
    """Run a page's blocks, and return what each printed."""
    for name, sample in PHOTOS.items():
        Image.fromarray(open_sample(sample).pixels).save(name, quality=92)
    names: dict[str, Any] = {"__name__": "__main__"}
    printed = []
    for block in code_blocks(path.read_text(encoding="utf-8")):
        if block.language == "sh":
            printed.append(run_commands(block.code))
            continue
        with printing() as output:
            code = "\n" * block.lines_before + block.code  # so that an error names the page's line
            exec(compile(code, str(path), "exec"), names)  # noqa: S102
        printed.append(output.getvalue())
    for name in PHOTOS:
        Path(name).unlink()
    return printed


def run_commands(lines: str) -> str:
    """Run commands of attnviz, and return what they printed."""
    output = ""
    for line in lines.splitlines():
        program, *words = shlex.split(line)
        if program != "attnviz":
            raise ValueError(f"Only commands of attnviz are run, not: {line}")
        done = CliRunner().invoke(cli, words)
        if done.exit_code:
            raise ValueError(f"{line} failed: {done.output}") from done.exception
        output += done.stdout
    return output


@contextlib.contextmanager
def printing() -> Iterator[io.StringIO]:
    """What the code inside prints; its figures are closed at the end."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        yield output
    pyplot.close("all")


def main(output: str, *files: str) -> None:
    """Run all files, and write what they printed."""
    folder = Path(output).resolve()
    printed = {}
    os.environ["MPLBACKEND"] = "Agg"  # figures are saved, and no window opens
    for number, name in enumerate(files):
        path, place = Path(name).resolve(), folder / str(number)
        place.mkdir(parents=True)
        with contextlib.chdir(place):
            printed[name] = [run_script(path)] if path.suffix == ".py" else run_page(path)
    (folder / "printed.json").write_text(json.dumps(printed), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
