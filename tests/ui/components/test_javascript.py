"""All JavaScript under Node's own test runner, on values that Python has written down."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from attnviz.render.aperture import Aperture
from attnviz.viewer.bundle import BASE
from attnviz.viewer.view import Mode, Surface
from tests.paths import ROOT
from tests.ui.components.eye import expected as expected_eye
from tests.ui.components.feature_board import expected as expected_board
from tests.ui.components.viewer import expected

HERE = Path(__file__).resolve().parent
TESTS = sorted(HERE.rglob("*.test.js"))
MODULES = sorted(BASE.parent.rglob("*.js"))
OLDEST = 20
_EXPORT = re.compile(
    r"^export (?:default )?(?:async )?(?:function\*?|class|const|let) (\w+)", re.MULTILINE
)
_IMPORT = re.compile(
    r"import (?:(\w+), )?\{([^}]*)\} from \"[./]*/attnviz/ui/components/([\w/-]+\.js)\";"
)


def node() -> str:
    """Node; without one the test is skipped, or fails where one is required."""
    path = shutil.which("node")
    reason = "Node is not installed (Debian: apt install nodejs)"
    if path:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
        major = re.match(r"v(\d+)", done.stdout)
        if major and int(major[1]) >= OLDEST:
            return path
        reason = f"Node {OLDEST} or newer is needed, not {done.stdout.strip() or done.stderr}"
    if os.environ.get("ATTNVIZ_REQUIRE_NODE") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def test_without_node_the_tests_are_skipped_or_fail_as_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.delenv("ATTNVIZ_REQUIRE_NODE", raising=False)
    with pytest.raises(pytest.skip.Exception, match="Node is not installed"):
        node()
    monkeypatch.setenv("ATTNVIZ_REQUIRE_NODE", "1")
    with pytest.raises(pytest.fail.Exception, match="Node is not installed"):
        node()


def test_the_modules_pass_their_tests(tmp_path: Path) -> None:
    command = [node(), "--test", "--test-reporter=spec", *map(str, TESTS)]
    expected.write(tmp_path)
    expected_eye.write(tmp_path)
    expected_board.write(tmp_path)
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"ATTNVIZ_EXPECTED": str(tmp_path), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=280,
    )
    output = done.stdout + done.stderr
    failures = output.partition("failing tests:")[2] or output
    assert done.returncode == 0, f"node --test failed:\n{failures}"
    counts = dict(re.findall(r"^\S+ (tests|pass|fail|skipped|todo) (\d+)$", output, re.MULTILINE))
    assert int(counts["tests"]) > 240, output
    assert (counts["fail"], counts["skipped"], counts["todo"]) == ("0", "0", "0"), output


def exports() -> list[tuple[str, str]]:
    return [
        (path.relative_to(BASE.parent).as_posix(), name)
        for path in MODULES
        for name in _EXPORT.findall(path.read_text(encoding="utf-8"))
    ]


def test_every_export_is_imported_by_a_test() -> None:
    tested: set[tuple[str, str]] = set()
    for path in TESTS:
        for default, names, module in _IMPORT.findall(path.read_text(encoding="utf-8")):
            tested |= {
                (module, name.split(" as ")[0].strip()) for name in [default, *names.split(",")]
            }
    found = exports()
    assert len(found) > 80
    assert [one for one in found if one not in tested] == []


def test_no_export_hides_from_that_test() -> None:
    for path in MODULES:
        source = path.read_text(encoding="utf-8")
        assert len(re.findall(r"^\s*export\b", source, re.MULTILINE)) == len(
            _EXPORT.findall(source)
        ), path.name


def test_both_sides_know_the_same_names() -> None:
    source = (BASE / "js" / "view.js").read_text(encoding="utf-8")
    listed = {
        name: re.findall(r'"(\w+)"', values)
        for name, values in re.findall(r"export const (\w+) = \[([^\]]*)\]", source)
    }
    assert sorted(listed["MODES"]) == sorted(Mode)
    assert sorted(listed["SURFACES"]) == sorted(Surface)
    renderer = (BASE / "js" / "renderer.js").read_text(encoding="utf-8")
    corners = re.search(r"const CORNERS = \{([^}]*)\}", renderer)
    assert corners is not None
    assert {name: int(count) for name, count in re.findall(r"(\w+): (\d+)", corners[1])} == {
        one.value: one.corners for one in Aperture
    }


def test_both_sides_keep_the_same_limits() -> None:
    from attnviz.viewer.view import _LIMITS

    source = (BASE / "js" / "view.js").read_text(encoding="utf-8")
    pairs = re.findall(r"^  (\w+): \[([\d.]+), ([\d.]+)\],$", source, re.MULTILINE)
    assert {name: (float(low), float(high)) for name, low, high in pairs} == _LIMITS
