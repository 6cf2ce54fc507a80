"""What the menu "Save" of a page offers, and the files that it would make."""

from __future__ import annotations

import pytest

from attnviz.export.base import exports
from attnviz.ui.kit import save_menu
from attnviz.ui.kit.save_menu import Savable


def offered(monkeypatch: pytest.MonkeyPatch) -> list[Savable]:
    """A list that grows with what the menus of the pages offer while they run."""
    shown: list[Savable] = []
    monkeypatch.setattr(save_menu, "_show_files", lambda one, _: shown.append(one))
    return shown


def written(one: Savable, name: str) -> bytes:
    """A file as the menu makes it."""
    return save_menu._written(one, exports(one.kind).get(name)())
