"""The program itself: its name, its characters, and the list of methods."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from attnviz.cli import cli
from attnviz.cli.terminal import path_text
from attnviz.methods.base import METHODS


def program(*words: object, **variables: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "attnviz", *map(str, words)]
    return subprocess.run(command, capture_output=True, env={**os.environ, **variables})


def test_completion_is_for_attnviz_alone(tmp_path: Path) -> None:
    variables = {"HOME": str(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = program("--install-completion", "bash", **variables)
    assert done.returncode == 0, done.stderr
    scripts = [path for path in tmp_path.rglob("*") if path.is_file()]
    text = "".join(path.read_text() for path in scripts)
    assert "complete -o default -F _attnviz_completion attnviz" in text
    assert "python" not in text.replace(str(tmp_path), "")


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="names are Unicode here")
@pytest.mark.parametrize("encoding", ["utf-8:strict", "ascii:strict"])
def test_names_that_the_terminal_cannot_print(tmp_path: Path, encoding: str) -> None:
    names = (tmp_path / os.fsdecode(b"caf\xe9\n.png"), tmp_path / "größe 犬.png")
    for name in names:
        with name.open("wb") as file:
            Image.fromarray(np.zeros((32, 32, 3), np.uint8)).save(file, "PNG")
    words = (*names, "--save", "npz", "--device", "cpu")
    done = program("explain", *words, "--out", tmp_path / "out", PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "out").iterdir())) == 2
    assert rb"caf\xe9\n.png: " in done.stdout
    assert len(done.stdout.splitlines()) == 3


def test_paths_are_one_line_of_plain_text() -> None:
    assert path_text(Path("a/größe.png")) == "a/größe.png"
    assert path_text(Path("x\x1b[31m\n\u202egpj.exe")) == r"x\x1b[31m\n\u202egpj.exe"


def test_methods_with_kind_cost_and_fit() -> None:
    done = CliRunner().invoke(cli, ["methods"])
    rows = {line.split()[0]: line for line in done.output.splitlines()}
    assert set(rows) == {method.name for method in METHODS}
    assert rows["rollout"].split()[1:] == ["attention", "context", "1", "forward", "pass"]
    assert rows["grad-cam"].endswith("relevance  features  1 forward and 1 backward pass")
    assert rows["score-cam"].endswith("many passes")
    done = CliRunner().invoke(cli, ["methods", "--model", "ran-small"])
    rows = {line.split()[0]: line for line in done.output.splitlines()}
    assert rows["mask-effect"].endswith("  fits")
    assert rows["rollout"].endswith("does not fit: ran-small has no self-attention")
    done = CliRunner().invoke(cli, ["methods", "--model", "ran-smal"])
    assert (done.exit_code, "Nearest: ran-small" in done.output) == (1, True)


def test_errors_of_the_system_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    words = ["train", "--data", str(tmp_path), "--out", str(tmp_path / "taken" / "run")]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 1
    assert "Traceback" not in done.output
    assert len(done.output.strip().splitlines()) == 1, done.output
