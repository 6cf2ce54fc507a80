"""A component's JavaScript modules as one text, without a build step.

Streamlit imports a component's script from a single text. The modules stay files that a browser
and Node can import as they are; here they are put into one text, in the order of their imports,
and the text makes an address for each of them when it is loaded. Shaders and colour tables travel
as constants beside them.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Collection, Mapping
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

from attnviz.render.heat import COLOUR_MAPS, colour_table

FOLDER = Path(__file__).resolve().parent
# A component's own modules, and those that it borrows from the viewer.
_IMPORT = re.compile(r"""from\s+"(?:\./|\.\./\.\./viewer/js/)([\w-]+\.js)";""")

_LOADER = """\
const ASSETS = %(assets)s;
const MODULES = %(modules)s;
const addresses = new Map();
for (const [name, source] of MODULES) {
  const linked = source.replace(/from\\s+"(?:\\.|[.\\/]+viewer\\/js)\\/([\\w-]+\\.js)";/g,
    (_, file) => `from "${addresses.get(file)}";`);
  const text = linked + `\\n//# sourceURL=attnviz/%(name)s/${name}`;
  addresses.set(name, URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
}
const { mount } = await import(addresses.get("main.js"));
export default (component) => mount(component, ASSETS);
"""


@cache
def script() -> str:
    """The viewer's script: all modules, shaders and colour tables."""
    return bundled(FOLDER, {"shaders": shaders(), "colours": _colours()})


def bundled(folder: Path, assets: Mapping[str, object], borrowed: Collection[str] = ()) -> str:
    """One script of the modules in `folder`/js; `main.js` exports `mount(component, assets)`.

    borrowed: names of the viewer's modules that they import, none of them a name of their own.
    """
    paths = [*folder.glob("js/*.js"), *(FOLDER / "js" / name for name in borrowed)]
    sources = {path.name: path.read_text(encoding="utf-8") for path in paths}
    if len(sources) < len(paths):
        raise ValueError(f"two modules of {folder.name} have the same name")
    return _LOADER % {
        "assets": json.dumps(assets),
        "modules": json.dumps([[name, sources[name]] for name in module_order(sources)]),
        "name": folder.name,
    }


def module_order(sources: dict[str, str]) -> list[str]:
    """Names of the modules, each after those it imports.

    Raises graphlib.CycleError for a cycle, and KeyError for an import of a file that is not there.
    """
    needs = {name: set(_IMPORT.findall(source)) for name, source in sources.items()}
    missing = set().union(*needs.values()) - set(sources)
    if missing:
        raise KeyError(f"imported, but not there: {', '.join(sorted(missing))}")
    return list(TopologicalSorter(needs).static_order())


def shaders(*folders: Path) -> dict[str, str]:
    """The GLSL sources by file name, with `#include "file"` lines replaced by the file's text.

    The viewer's own, and those of other components' folders.
    """
    paths = [path for folder in (FOLDER, *folders) for path in folder.glob("glsl/*.glsl")]
    sources = {path.name: path.read_text(encoding="utf-8") for path in paths}

    def included(source: str) -> str:
        return re.sub(
            r'^#include "([\w.]+)"$', lambda found: included(sources[found[1]]), source, flags=re.M
        )

    return {name: included(source) for name, source in sources.items()}


def _colours() -> dict[str, str]:
    """matplotlib's tables, 256 x RGB as base64."""
    return {name: base64.b64encode(colour_table(name).tobytes()).decode() for name in COLOUR_MAPS}
