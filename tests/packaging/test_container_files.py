"""The container's files agree with the project's."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatch

from tests.packaging.dockerfile import ImageSteps
from tests.paths import ROOT


def test_all_that_the_package_is_built_from_reaches_the_builder() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    let_in = [rule[1:] for rule in rules if rule.startswith("!")]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    hatch = project["tool"]["hatch"]
    wheel = hatch["build"]["targets"]["wheel"]
    hook = hatch["metadata"]["hooks"]["requirements_txt"]
    extras = [name for names in hook["optional-dependencies"].values() for name in names]
    needed = {"pyproject.toml", project["project"]["readme"], *project["project"]["license-files"]}
    needed |= {*wheel["packages"], *wheel["force-include"], *hook["files"], *extras}
    for name in needed:
        assert (ROOT / name).exists(), name
        assert any(fnmatch(name, rule) or name.startswith(f"{rule}/") for rule in let_in), name
    assert not any(fnmatch(name, rule) for rule in let_in for name in (".git", "node_modules"))


def test_the_image_is_hosted_and_has_no_privileges() -> None:
    image = ImageSteps.read()
    assert int(image.user) > 0
    assert image.variables["ATTNVIZ_MODE"] == "hosted"
    assert "*" not in image.variables["ATTNVIZ_HOSTS"]
    for name in ("ATTNVIZ_RUNS", "TORCH_HOME", "MPLCONFIGDIR"):  # what is written
        assert image.variables[name].startswith("/tmp/")


def test_the_space_is_a_container_at_the_port_of_the_image() -> None:
    text = (ROOT / "deploy/space/README.md").read_text("utf-8")
    front = dict(line.split(": ", 1) for line in text.split("---\n")[1].splitlines())
    assert front["sdk"] == "docker"
    command = ImageSteps.read().command
    assert front["app_port"] == command[command.index("--port") + 1]
    assert len(front["short_description"]) <= 60
