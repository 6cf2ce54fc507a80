"""What is installed is locked: the app's lock is a part of the checks', and holds all it needs."""

from __future__ import annotations

import re
from importlib.metadata import requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import run
from tests.paths import ROOT

_ENTRY = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^ ;]+).*?(?=^[\w.-]+==|\Z)", re.M | re.S)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def locked(name: str) -> dict[tuple[str, str], set[str]]:
    """Checksums by name and version; there are several versions where one needs another Python."""
    text = (ROOT / name).read_text("utf-8")
    return {
        (canonicalize_name(one["name"]), one["version"]): set(_HASH.findall(one[0]))
        for one in _ENTRY.finditer(text)
    }


def named(name: str) -> list[Requirement]:
    lines = (ROOT / name).read_text("utf-8").splitlines()
    return [Requirement(line) for line in lines if line and line[0] not in "#-"]


def test_the_apps_lock_is_a_part_of_the_checks_lock() -> None:
    app, checks = locked("requirements-app.lock"), locked("requirements.lock")
    assert len(app) > 60
    assert {one: sums for one, sums in app.items() if checks.get(one) != sums} == {}
    assert all(app.values())


def test_both_hold_what_the_requirements_ask_for() -> None:
    for lock, files in (
        ("requirements-app.lock", ["requirements.txt"]),
        ("requirements.lock", ["requirements.txt", "requirements-dev.txt"]),
    ):
        versions: dict[str, list[str]] = {}
        for name, version in locked(lock):
            versions.setdefault(name, []).append(version)
        for file in files:
            for asked in named(file):
                here = versions.get(canonicalize_name(asked.name), [])
                assert here, (lock, asked.name)
                assert any(asked.specifier.contains(one) for one in here), (lock, asked)


def test_each_task_installs_from_a_lock_with_what_it_starts() -> None:
    for lock, (program, *_) in run.TASKS.values():
        names = {name for name, _ in locked(lock)}
        assert canonicalize_name(program) in names
        for text in requires(program) or ():
            needed = Requirement(text)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                assert canonicalize_name(needed.name) in names, (program, needed.name)
