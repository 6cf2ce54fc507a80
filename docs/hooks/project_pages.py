"""Pages of the site that lie elsewhere in the project, so that each text has one home.

ARCHITECTURE.md is read where the code is; its recipes are a page each here. Links are turned to
where their targets lie in the site.
"""

from __future__ import annotations

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
RECIPES = "## Where to add what\n"
_MOVED = {
    "../ARCHITECTURE.md": "architecture.md",
    "ARCHITECTURE.md": "architecture.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "../CHANGELOG.md": "changelog.md",
    "../CONTRIBUTING.md": "contributing.md",
    "../SECURITY.md": "security.md",
    "SECURITY.md": "security.md",
    "../README.md": "index.md",
}
_DRAWING = re.compile(r"^```mermaid\n.*?^```\n+", re.MULTILINE | re.DOTALL)
_RECIPE = re.compile(r"^### (?:A|An) (\w+)\n", re.MULTILINE)
_LINK = re.compile(r"(?<=\]\()([^)#\s]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages made of files of the project's first folder."""
    for name, text in project_pages().items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Turn links to files that became pages."""
    return _LINK.sub(lambda link: _MOVED.get(link[1], link[1]), markdown)


def project_pages() -> dict[str, str]:
    """Markdown of each page by its name in the site."""
    architecture = _read("ARCHITECTURE.md")
    house, recipes = architecture.split(RECIPES)
    return {
        "architecture.md": f"{_drawings_named(house)}{RECIPES}\n{_list_of(recipes)}",
        "contributing.md": _read("CONTRIBUTING.md"),
        "changelog.md": _read("CHANGELOG.md"),
        "security.md": _read("SECURITY.md"),
        **{f"how-to/{name}.md": text for name, text in recipe_pages(recipes).items()},
    }


def recipe_pages(recipes: str) -> dict[str, str]:
    """Each recipe as a page with a heading of its own."""
    introduction, *parts = _RECIPE.split(recipes)
    del introduction
    pages = {}
    for name, text in zip(parts[::2], parts[1::2], strict=True):
        article = "an" if name[0] in "aeiou" else "a"
        below = _LINK.sub(lambda link: f"../{link[1]}" if ":" not in link[1] else link[1], text)
        pages[name] = f"# Add {article} {name}\n{below}"
    return pages


def _list_of(recipes: str) -> str:
    introduction = recipes.split("### ")[0].strip()
    names = _RECIPE.findall(recipes)
    return f"{introduction}\n\n" + "\n".join(f"- [{name}](how-to/{name}.md)" for name in names)


def _drawings_named(text: str) -> str:
    """Without the drawings, whose script would have to be fetched from elsewhere."""
    return _DRAWING.sub("", text)


def _read(name: str) -> str:
    """A file of the project, its links to `docs/` as the site has them."""
    return (ROOT / name).read_text(encoding="utf-8").replace("](docs/", "](")
