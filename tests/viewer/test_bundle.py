"""All modules in one text, the shaders, and the colour tables."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections import Counter
from graphlib import CycleError
from pathlib import Path

import pytest

from attnviz.render.heat import COLOUR_MAPS, colour_table
from attnviz.ui.components.map_grid.component import FOLDER as COMPARE
from attnviz.viewer.bundle import (
    BASE,
    bundled,
    joined,
    module_order,
    module_sources,
    shaders,
)
from attnviz.viewer.source import FOLDER, viewer_assets
from tests.ui.components.test_javascript import node

PATHS = {
    **{path.name: path for path in FOLDER.glob("js/*.js")},
    **{f"base/{path.name}": path for path in BASE.glob("js/*.js")},
}
_NAMES = re.compile(r"^MODULES\[\"([\w/.-]+)\"\] = \(\(\) => \{$", re.MULTILINE)


def module_names(folder: Path) -> list[str]:
    """The modules in a component's script, in their order."""
    return _NAMES.findall(bundled(folder, {}))


def evaluated(script: str) -> object:
    """What a script prints as JSON, under Node."""
    done = subprocess.run(
        [node(), "--input-type=module", "-"],
        input=script, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_module_is_there_once_after_those_it_imports() -> None:
    names = module_names(FOLDER)
    sources = module_sources(FOLDER)
    assert sorted(names) == sorted(sources) == sorted(set(names))
    assert {name for name in names if "/" not in name} == {
        path.name for path in FOLDER.glob("js/*.js")
    }
    for name, source in sources.items():
        assert source == PATHS[name].read_text(encoding="utf-8")


def test_no_module_imports_in_a_way_that_is_not_joined() -> None:
    """Only `import { .. } from "./name.js";`, or `* as`, or from another component's folder."""
    for path in BASE.parent.glob("*/js/*.js"):
        # In comments, `import("./name.js")` names a type for tsc; no browser sees it.
        source = re.sub(r"/\*\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        left = re.sub(
            r"^import (\{[^}]*\}|\* as \w+) from \"(\./|\.\./\.\./[\w-]+/js/)[\w-]+\.js\";$",
            "", source, flags=re.MULTILINE,
        )  # fmt: skip
        assert not re.search(r"^\s*import\b", left, re.MULTILINE), path
        assert "import(" not in source
        assert "import.meta" not in source


def test_the_joined_script_gives_what_the_modules_give(tmp_path: Path) -> None:
    """Renamed, whole and repeated imports, of the own and of another folder; classes, constants."""
    files = {
        "base/js/sum.js": (
            "const hidden = 1;\nexport function add(a, b) {\n  return a + b + hidden;\n}\n"
            'export const TEXT = "export const no = 1; </script><!--";\n'
        ),
        "one/js/parts.js": (
            'import * as sums from "../../base/js/sum.js";\n'
            "const hidden = 10;\n"
            "export class Part {\n  get value() {\n    return sums.add(hidden, 0);\n  }\n}\n"
        ),
        "one/js/main.js": (
            'import {\n  add as plus,\n  TEXT,\n} from "../../base/js/sum.js";\n'
            'import { Part } from "./parts.js";\n\n'
            "export const mount = (component, assets) => [\n"
            "  plus(component, assets.ten), TEXT, new Part().value,\n];\n"
        ),
    }
    for name, source in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    script = joined(tmp_path / "one", {"ten": 10, "mark": "</script>"})
    assert "</" not in script
    assert "<!--" not in script
    printed = evaluated(script + "console.log(JSON.stringify([ASSETS.mark, ...mount(5, ASSETS)]));")
    # 5 + 10 + 1, the text as it was written, 10 + 0 + 1
    assert printed == ["</script>", 16, "export const no = 1; </script><!--", 11]


def test_every_component_can_be_joined() -> None:
    mains = sorted(BASE.parent.glob("*/js/main.js"))
    assert len(mains) > 5
    checks = "".join(
        f"{{\n{joined(main.parents[1], {})}made.push(typeof mount);\n}}\n" for main in mains
    )
    assert evaluated(f"const made = [];\n{checks}console.log(JSON.stringify(made));") == [
        "function"
    ] * len(mains)


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
    names = module_names(COMPARE)
    assert len(set(names)) == len(names)
    own = {name for name in names if "/" not in name}
    assert own == {path.name for path in COMPARE.glob("js/*.js")}
    assert "base/scene.js" in names
    assert "viewer/pointer.js" not in names, "nobody in there needs it"
    assert "base/renderer.js" not in module_names(COMPARE.parent / "budget_table")
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
    found = re.search(r"^const ASSETS = (.*);$", joined(FOLDER, viewer_assets()), re.MULTILINE)
    assert found is not None
    assets = json.loads(found[1])
    assert assets["shaders"] == shaders()
    assert list(assets["colours"]) == list(COLOUR_MAPS)
    for name, text in assets["colours"].items():
        assert base64.b64decode(text) == colour_table(name).tobytes()
        assert len(base64.b64decode(text)) == 768


def test_the_script_ends_in_one_export() -> None:
    assert re.findall(r"^export .*", bundled(FOLDER, {}), re.MULTILINE) == [
        "export default (component) => mount(component, ASSETS);"
    ]


def test_the_base_admits_only_what_two_components_use() -> None:
    users: Counter[str] = Counter()
    mains = {main.parents[1]: main for main in BASE.parent.glob("*/js/main.js")}
    for folder in ("report", "notebook"):  # homes of the viewer use what the viewer uses
        del mains[BASE.parent / folder]
    for main in mains.values():
        users.update(name for name in module_names(main.parents[1]) if name.startswith("base/"))
    for path in BASE.glob("js/*.js"):
        assert users[f"base/{path.name}"] >= 2, path.name
