"""What keeps the code in its rooms: sizes, and what may be imported where."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import defaultdict

from tests.paths import ROOT

FOLDERS = ("attnviz", "benchmarks", "docs", "examples", "pages", "tests")
SOURCES = sorted(
    path for name in FOLDERS for kind in ("*.py", "*.js") for path in (ROOT / name).rglob(kind)
)


def test_no_file_is_longer_than_300_lines() -> None:
    assert len(SOURCES) > 500
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {str(path.relative_to(ROOT)): n for path, n in lines.items() if n > 300} == {}


def test_no_file_holds_both_sides_of_a_merge() -> None:
    texts = [*SOURCES, *ROOT.glob("*.*"), *(ROOT / "docs").rglob("*.md")]
    both = [
        str(path.relative_to(ROOT))
        for path in texts
        if path.is_file() and re.search(rb"^(<{7}|>{7}) ", path.read_bytes(), re.MULTILINE)
    ]
    assert both == []


def test_every_class_has_a_name_of_its_own() -> None:
    """A reader who meets a name must not have to ask which of two it is."""
    homes: dict[str, list[str]] = defaultdict(list)
    for path in (ROOT / "attnviz").rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                homes[node.name.lstrip("_")].append(str(path.relative_to(ROOT)))
    assert {name: files for name, files in homes.items() if len(files) > 1} == {}


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
