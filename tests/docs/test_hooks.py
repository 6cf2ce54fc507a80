"""What makes the documentation's site: its own pages, its blocks of code, its list for programs."""

from __future__ import annotations

import ast
import re
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import attnviz
from tests.paths import ROOT

pytest.importorskip("mkdocs")

PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
PAGE = (
    "# A\n\n```python\nx = 1\n```\n\ntext\n\n```\nattnviz app\n```\n\n```sh\nattnviz models\n```\n"
)


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> ModuleType:
    """A hook as MkDocs imports it: what lies beside it is found by its name alone."""
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "hooks"))
    monkeypatch.delitem(sys.modules, request.param, raising=False)
    return import_module(request.param)


@pytest.mark.parametrize("hook", ["blocks"], indirect=True)
def test_blocks_that_are_run_know_their_lines(hook: ModuleType) -> None:
    assert hook.code_blocks(PAGE) == [("python", "x = 1\n", 3), ("sh", "attnviz models\n", 13)]


@pytest.mark.parametrize("hook", ["blocks"], indirect=True)
def test_output_stands_below_its_block(hook: ModuleType) -> None:
    shown = hook.after_blocks(PAGE, ["", "lens\n"])
    assert shown == PAGE.rstrip("\n") + "\n\n```text\nlens\n```\n"


@pytest.mark.parametrize("hook", ["blocks"], indirect=True)
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_code_in_a_page_can_be_read_and_names_what_is_public(hook: ModuleType, path: Path) -> None:
    """Also where it is not run, because it needs a download or somebody's own files."""
    for block in hook.code_blocks(path.read_text(encoding="utf-8")):
        if block.language != "python":
            continue
        for node in ast.walk(ast.parse(block.code)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert node.value.id != "attnviz" or node.attr in attnviz.__all__, node.attr


@pytest.mark.parametrize("hook", ["project_pages"], indirect=True)
def test_each_recipe_is_a_page_word_for_word(hook: ModuleType) -> None:
    architecture = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    names = re.findall(r"^### (?:A|An) (\w+)$", architecture, re.MULTILINE)
    pages = hook.project_pages()
    assert [name for name in pages if name.startswith("how-to/")] == [
        f"how-to/{name}.md" for name in names
    ]
    for name in names:
        blocks = re.findall(r"^```\w+\n.*?^```$", pages[f"how-to/{name}.md"], re.M | re.S)
        assert blocks, name
        assert [block for block in blocks if block not in architecture] == []
    assert "mermaid" not in pages["architecture.md"]


@pytest.mark.parametrize("hook", ["project_pages"], indirect=True)
def test_links_lead_to_where_pages_lie_in_the_site(hook: ModuleType) -> None:
    pages = hook.project_pages()
    assert "(../targets.md)" in pages["how-to/target.md"]
    assert "(glossary.md)" in pages["architecture.md"]
    assert hook.on_page_markdown("[a](../ARCHITECTURE.md) [b](lens.md)") == (
        "[a](architecture.md) [b](lens.md)"
    )


@pytest.mark.parametrize("hook", ["reference"], indirect=True)
def test_names_of_the_reference_become_their_docstrings(hook: ModuleType) -> None:
    assert hook.with_docstrings("Maps\n\n- `attnviz.explain`: Explain.\n") == (
        "Maps\n\n\n::: attnviz.explain\n\n"
    )
    asked = hook.with_docstrings("What can be asked\n\n- `attnviz.Class`: One\n  of them.\n")
    assert asked == "What can be asked\n\n\n::: attnviz.Class\n    options: {members: false}\n\n"


@pytest.mark.parametrize("hook", ["llms"], indirect=True)
def test_a_page_is_summed_up_by_its_first_sentence(hook: ModuleType) -> None:
    page = "# A\n\n![x](x.png)\n\nIt [shows](b.md) a\nthing. And more.\n"
    assert hook.first_sentence(page) == "It shows a thing."
