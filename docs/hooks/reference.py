"""The reference, from docstrings: each name on `reference.md` gets what it says of itself."""

from __future__ import annotations

import re

from mkdocs.structure.pages import Page

_NAME = re.compile(r"^- `(attnviz\.[\w.]+)`: .*(?:\n  .*)*\n?", re.MULTILINE)
# Below these headings the parts of a name serve the package alone.
_WITHOUT_MEMBERS = ("What can be asked", "Does it matter?")


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Put the docstring of each name in the place of its line."""
    if page.file.src_uri != "reference.md":
        return markdown
    return "\n## ".join(with_docstrings(part) for part in markdown.split("\n## "))


def with_docstrings(part: str) -> str:
    """A part of the page, below its heading, with directives of mkdocstrings."""
    members = "" if not part.startswith(_WITHOUT_MEMBERS) else "    options: {members: false}\n"
    return _NAME.sub(lambda name: f"\n::: {name[1]}\n{members}\n", part)
