"""All modules in one text, the shaders, and the colour tables."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from graphlib import CycleError

import pytest

from attnviz.render.heat import COLOUR_MAPS, colour_table
from attnviz.ui.components.base.bundle import BASE, bundled, module_order, shaders
from attnviz.ui.components.map_grid.component import FOLDER as COMPARE
from attnviz.ui.components.viewer.component import FOLDER, script

PATHS = {
    **{path.name: path for path in FOLDER.glob("js/*.js")},
    **{f"base/{path.name}": path for path in BASE.glob("js/*.js")},
}
_IMPORT = re.compile(r"from \"(?:\./|\.\./\.\./(base)/js/)([\w-]+\.js)\";$", re.MULTILINE)


def constant(name: str) -> object:
    found = re.search(rf"^const {name} = (.*);$", script(), re.MULTILINE)
    assert found is not None
    return json.loads(found[1])


def test_every_module_is_there_once_after_those_it_imports() -> None:
    modules = constant("MODULES")
    assert isinstance(modules, list)
    assert len({name for name, _ in modules}) == len(modules)
    own = {name for name, _ in modules if "/" not in name}
    assert own == {path.name for path in FOLDER.glob("js/*.js")}
    before: set[str] = set()
    for name, source in modules:
        assert source == PATHS[name].read_text(encoding="utf-8")
        folder = name.rpartition("/")[0]
        needs = ((base or folder, file) for base, file in _IMPORT.findall(source))
        assert {f"{where}/{file}" if where else file for where, file in needs} <= before, name
        before.add(name)


def test_no_module_imports_in_a_way_that_the_loader_does_not_know() -> None:
    """Only `from "./name.js";`, or that of the base, at the end of a line is given an address."""
    for path in PATHS.values():
        # In comments, `import("./name.js")` names a type for tsc; no browser sees it.
        source = re.sub(r"/\*\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        statements = re.findall(r"^import\b", source, re.MULTILINE)
        assert len(statements) == len(_IMPORT.findall(source))
        assert "import(" not in source
        assert "import.meta" not in source


def test_the_order_is_that_of_the_imports() -> None:
    sources = {
        "main.js": 'import { a } from "./a.js";\nimport { b } from "./b.js";',
        "b.js": 'import { a } from "./a.js";',
        "a.js": "",
    }
    assert module_order(sources) == ["a.js", "b.js", "main.js"]


def test_a_cycle_is_an_error() -> None:
    sources = {"a.js": 'import { b } from "./b.js";', "b.js": 'import { a } from "./a.js";'}
    with pytest.raises(CycleError):
        module_order(sources)


def test_an_import_of_what_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError, match=r"gone\.js"):
        module_order({"a.js": 'import { b } from "./gone.js";'})


def test_a_module_of_another_component_comes_along_with_what_it_needs() -> None:
    found = re.search(r"^const MODULES = (.*);$", bundled(COMPARE, {}), re.MULTILINE)
    assert found is not None
    names = [name for name, _ in json.loads(found[1])]
    assert len(set(names)) == len(names)
    own = {name for name in names if "/" not in name}
    assert own == {path.name for path in COMPARE.glob("js/*.js")}
    assert "base/scene.js" in names
    assert "viewer/pointer.js" not in names, "nobody in there needs it"
    assert "base/renderer.js" not in bundled(COMPARE.parent / "budget_table", {})
    for before, after in [
        ("base/blob.js", "base/scene.js"), ("base/scene.js", "board.js"),
        ("base/view.js", "base/player.js"), ("base/mount.js", "main.js"), ("board.js", "main.js"),
    ]:  # fmt: skip
        assert names.index(before) < names.index(after), after


def test_shaders_hold_what_they_include() -> None:
    made = shaders()
    assert set(made) == {path.name for path in BASE.glob("glsl/*.glsl")}
    assert not any("#include" in source for source in made.values())
    assert "float circleOfConfusion(float focus)" in made["refine.frag.glsl"]
    assert "vec3 openingPoint(int i, int count)" in made["bake.frag.glsl"]
    for name, source in made.items():
        if name.count(".") == 2:
            assert source.startswith("#version 300 es\n"), "GLSL wants it in the first line"
            assert source.count("void main()") == 1


def test_the_script_carries_shaders_and_colours() -> None:
    assets = constant("ASSETS")
    assert isinstance(assets, dict)
    assert assets["shaders"] == shaders()
    assert list(assets["colours"]) == list(COLOUR_MAPS)
    for name, text in assets["colours"].items():
        assert base64.b64decode(text) == colour_table(name).tobytes()
        assert len(base64.b64decode(text)) == 768


def test_the_script_ends_in_one_export() -> None:
    assert script() is script()
    assert re.findall(r"^export .*", script(), re.MULTILINE) == [
        "export default (component) => mount(component, ASSETS);"
    ]


def test_the_base_admits_only_what_two_components_use() -> None:
    users: Counter[str] = Counter()
    for main in BASE.parent.glob("*/js/main.js"):
        found = re.search(r"^const MODULES = (.*);$", bundled(main.parents[1], {}), re.MULTILINE)
        assert found is not None
        users.update(name for name, _ in json.loads(found[1]) if name.startswith("base/"))
    for path in BASE.glob("js/*.js"):
        assert users[f"base/{path.name}"] >= 2, path.name
