"""A component's JavaScript modules as one script, without a build step.

The modules stay separate files that a browser and Node can import unchanged. Here they become one
script that needs no further file, for Streamlit, which loads a component from a single string, and
for a page that is opened from disk. Each module becomes a function that returns what it exports, in
the order of their imports. A module of another component, as in `from "../../base/js/maps.js"`, is
included with its own imports under the name `base/maps.js`. Shaders and colour tables are added as
constants.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from graphlib import TopologicalSorter
from pathlib import Path

from attnviz.assets import components_folder
from attnviz.render.heat import colour_table

BASE = components_folder() / "base"
_IMPORT = re.compile(
    r"""^import (\{[^}]*\}|\* as \w+) from "(?:\./|\.\./\.\./([\w-]+)/js/)([\w-]+\.js)";$""",
    re.MULTILINE,
)
_EXPORT = re.compile(
    r"^export (?:default )?((?:async )?(?:function\*?|class|const|let) (\w+))", re.MULTILINE
)


def bundled(folder: Path, assets: Mapping[str, object]) -> str:
    """Join the JavaScript modules of a component into one module, as Streamlit loads it.

    Parameters
    ----------
    folder : Path
        The component's folder; ``js/main.js`` in it exports `mount(component, assets)`.
    assets : mapping of str to object
        Constants for the script, serialisable as JSON.

    Returns
    -------
    str
        JavaScript source; its default export mounts the component.
    """
    return joined(folder, assets) + "export default (component) => mount(component, ASSETS);\n"


def joined(folder: Path, assets: Mapping[str, object]) -> str:
    """Join the JavaScript modules of a component into statements.

    Parameters
    ----------
    folder, assets
        As for `bundled`.

    Returns
    -------
    str
        JavaScript source that defines `mount` and `ASSETS`. It may stand within HTML: nothing in it
        ends a script element.
    """
    sources = module_sources(folder)
    parts = [_as_function(name, sources[name]) for name in module_order(sources)]
    text = f"const ASSETS = {json.dumps(assets)};\nconst MODULES = {{}};\n{''.join(parts)}"
    text += 'const { mount } = MODULES["main.js"];\n'
    return text.replace("</", "<\\/").replace("<!--", "<\\!--")


def module_sources(folder: Path) -> dict[str, str]:
    """Read ``js/main.js`` of a component and all that it needs, by name."""
    sources: dict[str, str] = {}
    while missing := ({"main.js"} | _all_needs(sources)) - set(sources):
        for name in missing:
            other, _, file = name.rpartition("/")
            path = (folder.parent / other if other else folder) / "js" / file
            sources[name] = path.read_text(encoding="utf-8")
    return sources


def _as_function(name: str, source: str) -> str:
    """A module as the function that makes its exports, called at once."""
    own = name.rpartition("/")[0]

    def imported(found: re.Match[str]) -> str:
        names, other, file = found.groups()
        folder = other or own
        taken = names.removeprefix("* as ").replace(" as ", ": ")
        return f"const {taken} = MODULES[{json.dumps(f'{folder}/{file}' if folder else file)}];"

    body = _EXPORT.sub(r"\1", _IMPORT.sub(imported, source))
    exported = ", ".join(made for _, made in _EXPORT.findall(source))
    return f"MODULES[{json.dumps(name)}] = (() => {{\n{body}return {{ {exported} }};\n}})();\n"


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
    found = ((other or own, file) for _, other, file in _IMPORT.findall(source))
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
