"""The built wheel, installed into a fresh environment elsewhere: models, explain and the app."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from attnviz.pictures import open_sample
from attnviz.version import __version__
from tests.packaging.dockerfile import ImageSteps
from tests.paths import ROOT
from tests.servers import free_port, handshake, running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


def run(command: list[str], folder: Path) -> str:
    """The output of a command that must succeed, without this checkout on its path."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with wheel and sdist, built from a copy of the files that git knows."""
    if not (ROOT / ".git").exists():
        pytest.skip("only a git checkout says which files belong to the project")
    copy = tmp_path_factory.mktemp("source")
    listed = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():  # git still lists files that were just deleted
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy / name)
    out = tmp_path_factory.mktemp("dist")
    run([sys.executable, "-m", "build", "--outdir", str(out), str(copy)], copy)
    return out


@pytest.fixture(scope="module")
def installed(distributions: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that holds the wheel.

    Its dependencies are those of the running environment, by a path file: what is tested here is
    whether everything of our own arrives. `pip check` says whether they satisfy the wheel.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    python = str(programs / "python")
    site = Path(
        run(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], folder
        ).strip()
    )
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    (wheel,) = distributions.glob("*.whl")
    run([python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel)], folder)
    # Python 3.11 puts an old setuptools into new environments, which would hide the other one.
    run([python, "-m", "pip", "uninstall", "--quiet", "--yes", "setuptools"], folder)
    run([python, "-m", "pip", "check"], folder)
    return programs


def test_wheel_and_sdist_hold_everything(distributions: Path) -> None:
    (wheel,) = distributions.glob("*.whl")
    assert wheel.name == f"attnviz-{__version__}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    folders = ["attnviz", "assets", "pages", "docs/help", "docs/tutorials"]
    listed = run(["git", "ls-files", "-z", *folders], ROOT).split("\0")
    names = [name for name in listed if name and (ROOT / name).is_file()]
    expected = {
        name if name.startswith("attnviz/") else f"attnviz/_bundled/{name}" for name in names
    }
    expected |= {"attnviz/_bundled/app.py", "attnviz/_bundled/.streamlit/config.toml"}
    assert expected - packed == set()
    (sdist,) = distributions.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        sources = {name.partition("/")[2] for name in archive.getnames()}
    assert {*names, "app.py", "requirements.txt", "README.md", "LICENSE"} - sources == set()


def test_models_come_along(installed: Path, tmp_path: Path) -> None:
    output = run([str(installed / "attnviz"), "models"], tmp_path)
    embedded = [line.split()[0] for line in output.splitlines() if "ships with attnviz" in line]
    assert {"ran-small", "cbam-small", "vit-small", "ran-cifar"} <= set(embedded)


def test_a_photo_is_explained(installed: Path, tmp_path: Path) -> None:
    Image.fromarray(open_sample("china").reduced(240).pixels).save(tmp_path / "photo.jpg")
    command = [
        str(installed / "attnviz"),
        "explain",
        "photo.jpg",
        "--out",
        "out",
        "--device",
        "cpu",
    ]
    run(command, tmp_path)
    maps = np.load(tmp_path / "out" / "photo" / "maps.npz")
    assert all(np.isfinite(maps[name]).all() and maps[name].std() > 0 for name in maps)
    assert len(list((tmp_path / "out" / "photo").glob("*.focus.png"))) == len(maps.files)
    where = run(
        [str(installed / "python"), "-c", "import attnviz; print(attnviz.__file__)"], tmp_path
    )
    assert Path(where.strip()).is_relative_to(installed.parent), "the checkout was used instead"


@pytest.fixture(scope="module")
def app_address(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the installed app answers, started by `attnviz app` in an empty folder."""
    port, folder = free_port(), tmp_path_factory.mktemp("elsewhere")
    address = f"http://127.0.0.1:{port}"
    own = {"PYTHONPATH": "", "STREAMLIT_SERVER_HEADLESS": "true"}
    command = [str(installed / "attnviz"), "app", "--port", str(port)]
    with running(
        command, f"{address}/_stcore/health", folder / "log.txt", folder=folder, own=own,
        patience=300,
    ):  # fmt: skip
        yield address


def test_the_containers_steps_end_in_a_healthy_server(installed: Path, tmp_path: Path) -> None:
    """Variables, command and health check of the Dockerfile, at another port and without a home."""
    image, port = ImageSteps.read(), str(free_port())
    variables = {
        name: value.replace("/tmp/", f"{tmp_path}/") for name, value in image.variables.items()
    }
    variables |= {"PATH": f"{installed}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": ""}
    program, *words = [word.replace("8501", port) for word in image.command]
    check = [word.replace("8501", port) for word in image.health]
    with running(
        [str(installed / program), *words], f"http://127.0.0.1:{port}/_stcore/health",
        tmp_path / "log.txt", folder=tmp_path, own=variables, patience=300,
    ):  # fmt: skip
        assert subprocess.run(check, env=variables, check=False).returncode == 0
        answers = [handshake(port, name).status for name in ("localhost", "elsewhere.example")]
        assert answers == [101, 403]
    assert not Path(variables["HOME"]).exists()


@pytest.mark.browser
def test_the_app_shows_its_first_focus_picture(app_address: str, chromium: Browser) -> None:
    page = chromium.new_page()
    page.goto(app_address)
    expect(page.locator("canvas").first).to_be_visible(timeout=240_000)
    expect(page.get_by_role("link", name="Training").first).to_be_visible(timeout=60_000)
    page.close()
