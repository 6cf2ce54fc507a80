"""The code of the first pages and the tutorials runs when the site is made; so does the README's.

Below each block stands what it printed, and the pictures that it wrote are the page's own. Code
that fails ends the build. What is only shown, such as the start of the app, stands in a block
without a language.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path

from blocks import after_blocks, code_blocks
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from running import PICTURES, ROOT, run_code

RUN = ("index.md", "start.md", "tutorials/*.md")
_OTHERS = (ROOT / "README.md",)
_made: dict[str, list[str]] = {}  # what the blocks of each page printed, by the page's name


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Run the code, and add the pictures to the site."""
    folder = Path(config.docs_dir)
    paths = [path for pattern in RUN for path in sorted(folder.glob(pattern))]
    texts = ((path, path.read_text(encoding="utf-8")) for path in (*paths, *_OTHERS))
    made = made_by(tuple((path, tuple(code_blocks(text))) for path, text in texts))
    printed = json.loads((made / "printed.json").read_text(encoding="utf-8"))
    for number, path in enumerate(paths):
        name = path.relative_to(folder)
        _made[name.as_posix()] = printed[str(path)]
        for picture in sorted((made / str(number)).iterdir()):
            if picture.suffix not in PICTURES:
                continue
            place = (name.parent / picture.name).as_posix()
            if files.get_file_from_path(place):
                raise PluginError(f"{name}: there is a {place} already; name it otherwise")
            files.append(File.generated(config, place, abs_src_path=str(picture)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Put below each block what it printed."""
    printed = _made.get(page.file.src_uri)
    return after_blocks(markdown, printed) if printed else markdown


@functools.cache  # `mkdocs serve` makes the site again at each change: code that is as it was waits
def made_by(code: tuple[tuple[Path, object], ...]) -> Path:
    """The folder with what the code of pages makes, given by path and blocks."""
    return run_code(path for path, _ in code)
