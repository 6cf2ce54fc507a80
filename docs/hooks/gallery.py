"""The gallery: each example with its code, what it prints, and the pictures that it draws."""

from __future__ import annotations

import ast
import functools
import json
from dataclasses import dataclass
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from running import PICTURES, ROOT, run_code

PAGE = "gallery.md"
LEAD = """# Gallery

Scripts of a screen each, with what they print and draw. Nothing is downloaded, and each takes
seconds. They lie in the folder `examples`; `python examples/focus_picture.py` writes into `out`.
"""


@dataclass(frozen=True)
class Example:
    """A script that was run: its file, what it printed, and the pictures that it wrote."""

    script: Path
    printed: str
    pictures: tuple[Path, ...]

    def markdown(self) -> str:
        """The example's part of the page."""
        code = self.script.read_text(encoding="utf-8")
        title = (ast.get_docstring(ast.parse(code)) or "").partition("\n")[0]
        shown = "".join(f"![{title}]({self.place(path)})\n\n" for path in self.pictures)
        lines = f'??? example "{self.script.name}"\n\n```python\n{code}```'
        return (
            f"## {self.script.stem.replace('_', ' ').capitalize()}\n\n{title}\n\n{shown}"
            f"```text\n{self.printed.rstrip()}\n```\n\n"
            + lines.replace("\n", "\n    ").replace("    \n", "\n")
            + "\n"
        )

    def place(self, picture: Path) -> str:
        """Where a picture lies in the site."""
        return f"gallery/{self.script.stem}-{picture.name}"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Run the examples, and add the page and its pictures."""
    examples = run_examples(listed_scripts())
    page = "\n".join([LEAD, *(example.markdown() for example in examples)])
    files.append(File.generated(config, PAGE, content=page))
    for example in examples:
        for picture in example.pictures:
            place = example.place(picture)
            files.append(File.generated(config, place, abs_src_path=str(picture)))
    return files


def listed_scripts() -> tuple[Path, ...]:
    """The examples in the order in which their README lists them."""
    listed = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    scripts = (ROOT / "examples").glob("*.py")
    return tuple(sorted(scripts, key=lambda path: listed.index(f"`{path.name}`")))


@functools.cache  # `mkdocs serve` makes the site again at each change of a page
def run_examples(scripts: tuple[Path, ...]) -> list[Example]:
    """Run the examples, each in a folder of its own."""
    made = run_code(scripts)
    printed = json.loads((made / "printed.json").read_text(encoding="utf-8"))
    examples = []
    for number, script in enumerate(scripts):
        written = sorted((made / str(number) / "out").glob("*"))
        pictures = tuple(path for path in written if path.suffix in PICTURES)
        examples.append(Example(script, "".join(printed[str(script)]), pictures))
    return examples
