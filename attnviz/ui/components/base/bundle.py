"""A component's JavaScript modules as one text, without a build step.

Streamlit imports a component's script from a single text. The modules stay files that a browser
and Node can import as they are; here they are put into one text, in the order of their imports,
and the text makes an address for each of them when it is loaded. A module of another component, as
in `from "../../base/js/maps.js"`, comes along with what it needs, under the name
`base/maps.js`. Shaders and colour tables travel as constants beside them.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from graphlib import TopologicalSorter
from pathlib import Path

from attnviz.render.heat import colour_table

BASE = Path(__file__).resolve().parent
_IMPORT = re.compile(r"""from\s+"(?:\./|\.\./\.\./([\w-]+)/js/)([\w-]+\.js)";""")

_LOADER = """\
const ASSETS = %(assets)s;
const MODULES = %(modules)s;
const IMPORT = new RegExp(%(pattern)s, "g");
const addresses = new Map();
for (const [name, source] of MODULES) {
  const own = name.includes("/") ? name.split("/")[0] : "";
  const linked = source.replace(IMPORT, (_, other, file) => {
    const folder = other ?? own;
    return `from "${addresses.get(folder ? `${folder}/${file}` : file)}";`;
  });
  const text = linked + `\\n//# sourceURL=attnviz/%(name)s/${name}`;
  addresses.set(name, URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
}
const { mount } = await import(addresses.get("main.js"));
export default (component) => mount(component, ASSETS);
"""


def bundled(folder: Path, assets: Mapping[str, object]) -> str:
    """One script of the modules in `folder`/js; `main.js` exports `mount(component, assets)`."""
    sources = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("js/*.js")}
    while missing := {one for one in _all_needs(sources) if "/" in one} - set(sources):
        for name in missing:
            other, file = name.split("/")
            path = folder.parent / other / "js" / file
            sources[name] = path.read_text(encoding="utf-8")
    return _LOADER % {
        "assets": json.dumps(assets),
        "modules": json.dumps([[name, sources[name]] for name in module_order(sources)]),
        "pattern": json.dumps(_IMPORT.pattern),
        "name": folder.name,
    }


def module_order(sources: dict[str, str]) -> list[str]:
    """Names of the modules, each after those it imports.

    Raises graphlib.CycleError for a cycle, and KeyError for an import of a file that is not there.
    """
    missing = _all_needs(sources) - set(sources)
    if missing:
        raise KeyError(f"imported, but not there: {', '.join(sorted(missing))}")
    needs = {name: _needs(name, source) for name, source in sources.items()}
    return list(TopologicalSorter(needs).static_order())


def _needs(name: str, source: str) -> set[str]:
    """What a module imports: `file.js` of the component's own, `folder/file.js` of another one."""
    own = name.rpartition("/")[0]
    found = ((other or own, file) for other, file in _IMPORT.findall(source))
    return {f"{folder}/{file}" if folder else file for folder, file in found}


def _all_needs(sources: dict[str, str]) -> set[str]:
    return set().union(*(_needs(name, source) for name, source in sources.items()))


def shaders(*folders: Path) -> dict[str, str]:
    """The GLSL sources by file name, with `#include "file"` lines replaced by the file's text.

    Those of the base, and those of the components' `folders`.
    """
    paths = [path for folder in (BASE, *folders) for path in folder.glob("glsl/*.glsl")]
    sources = {path.name: path.read_text(encoding="utf-8") for path in paths}

    def included(source: str) -> str:
        return re.sub(
            r'^#include "([\w.]+)"$', lambda found: included(sources[found[1]]), source, flags=re.M
        )

    return {name: included(source) for name, source in sources.items()}


def colour_tables(*names: str) -> dict[str, str]:
    """matplotlib's tables of these names, 256 x RGB as base64."""
    return {name: base64.b64encode(colour_table(name).tobytes()).decode() for name in names}
