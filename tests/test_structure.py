"""What keeps the code in its rooms: sizes, and what may be imported where."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import ROOT

SOURCES = sorted(
    [
        *(ROOT / "attnviz").rglob("*.py"),
        *(ROOT / "attnviz" / "ui" / "components").rglob("*.js"),
        *(ROOT / "tests" / "ui" / "components").rglob("*.js"),
    ]
)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_longer_than_300_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


def test_renderers_and_pictures_work_without_torch() -> None:
    """In a process of its own in which importing torch fails."""
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import attnviz.pictures, attnviz.render.focus, attnviz.render.heat\n"
        "import attnviz.render.bokeh_photo\n"
        "import attnviz.vision.spectral_residual, attnviz.export.png\n"
        "import attnviz.vision.foveation, attnviz.vision.itti_koch\n"
        "import attnviz.metrics.inter_observer\n"
        "import attnviz.vision.fundus, attnviz.vision.projection\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_package_itself_imports_quickly_and_lazily() -> None:
    code = "import sys, attnviz; assert 'torch' not in sys.modules; assert attnviz.explain"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
