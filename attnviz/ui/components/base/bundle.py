"""A component's JavaScript modules as one script, without a build step.

Streamlit loads a component's script from a single string. The modules stay separate files that a
browser and Node can import unchanged; here they are joined into one script, in the order of their
imports, which creates a blob URL for each module when it is loaded. A module of another component,
as in `from "../../base/js/maps.js"`, is included with its own imports under the name
`base/maps.js`. Shaders and colour tables are added as constants.
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
    """Join the JavaScript modules of a component into one script.

    Parameters
    ----------
    folder : Path
        The component's folder; ``js/main.js`` in it exports `mount(component, assets)`.
    assets : mapping of str to object
        Constants for the script, serialisable as JSON.

    Returns
    -------
    str
        JavaScript source.
    """
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
    """Sort modules so that each comes after those it imports.

    Parameters
    ----------
    sources : dict of str to str
        Source of each module by its name.

    Returns
    -------
    list of str
        The sorted names.

    Raises
    ------
    graphlib.CycleError
        If the imports form a cycle.
    KeyError
        If an imported module is missing.
    """
    missing = _all_needs(sources) - set(sources)
    if missing:
        raise KeyError(f"imported, but not there: {', '.join(sorted(missing))}")
    needs = {name: _needs(name, source) for name, source in sources.items()}
    return list(TopologicalSorter(needs).static_order())


def _needs(name: str, source: str) -> set[str]:
    """Names of imported modules: `file.js`, or `folder/file.js` if of another component."""
    own = name.rpartition("/")[0]
    found = ((other or own, file) for other, file in _IMPORT.findall(source))
    return {f"{folder}/{file}" if folder else file for folder, file in found}


def _all_needs(sources: dict[str, str]) -> set[str]:
    return set().union(*(_needs(name, source) for name, source in sources.items()))


def shaders(*folders: Path) -> dict[str, str]:
    """Read GLSL sources, with `#include "file"` lines replaced by the file's text.

    Parameters
    ----------
    *folders : Path
        Folders of components whose shaders are added to those of the base.

    Returns
    -------
    dict of str to str
        Sources by file name.
    """
    paths = [path for folder in (BASE, *folders) for path in folder.glob("glsl/*.glsl")]
    sources = {path.name: path.read_text(encoding="utf-8") for path in paths}

    def included(source: str) -> str:
        return re.sub(
            r'^#include "([\w.]+)"$', lambda found: included(sources[found[1]]), source, flags=re.M
        )

    return {name: included(source) for name, source in sources.items()}


def colour_tables(*names: str) -> dict[str, str]:
    """Return matplotlib colour maps by name, each as 256 x RGB bytes in base64."""
    return {name: base64.b64encode(colour_table(name).tobytes()).decode() for name in names}
