"""The menu of what can be saved, the same on every page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from itertools import cycle, groupby
from typing import Any

import streamlit as st

from attnviz.analysis.asked_again import asked_again
from attnviz.errors import ModelError
from attnviz.export.base import Export, exports, in_order
from attnviz.models.vision_model import VisionModel
from attnviz.pictures.names import file_part, file_stem
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.turns import owner, turn_of


@dataclass(frozen=True, eq=False)
class Savable:
    """Something that a page shows, as files are made of it.

    Attributes
    ----------
    kind : type
        Class of what `make` returns; it decides which files are offered.
    make : callable
        Returns the source of the files; called when one is wanted, in a thread without a session.
    stem : str
        Beginning of the files' names.
    title : str
        Heading, where a page shows several things; plain text.
    model : VisionModel, optional
        The network, which a report asks again about the focus picture.
    """

    kind: type
    make: Callable[[], Any]
    stem: str
    title: str = ""
    model: VisionModel | None = None


def stem_of(title: str, asked: str = "") -> str:
    """Begin the names of a photo's files with its title, and with what was asked for."""
    return "-".join(filter(None, (file_stem(title), file_part(asked))))


def save_menu(shown: Sequence[Savable], *, key: str) -> None:
    """Show the button "Save", behind which every file waits that fits what the page shows.

    Parameters
    ----------
    shown : sequence of Savable
        What the page shows. Files are made when they are clicked.
    key : str
        Of the menu, unique on its page.
    """
    with (
        st.container(key=key),
        st.popover("Save", icon=":material/download:"),
    ):
        titled = len(shown) > 1 and all(one.title for one in shown)
        places: Sequence[AbstractContextManager[object]] = [nullcontext()]
        if titled:
            places = st.tabs([plain_text(one.title) for one in shown])
        for number, (place, one) in enumerate(zip(cycle(places), shown, strict=False)):
            with place:
                _show_files(one, f"{key} {number}")


def _show_files(one: Savable, key: str) -> None:
    """Show a button for each file that can be made of one thing, below the names of the groups."""
    for group, some in groupby(in_order(exports(one.kind)), key=lambda kind: kind.group):
        st.caption(str(group))
        with st.container(horizontal=True, gap="xsmall"):
            for kind in some:
                _offer(one, kind(), f"{key} {kind.name}")


def _offer(one: Savable, export: Export[Any], key: str) -> None:
    """Show a button that makes the file when it is clicked."""
    st.download_button(
        export.title,
        data=partial(_written, one, export, owner()),
        file_name=f"{one.stem}-{export.ending()}",
        mime=export.mime,
        on_click="ignore",
        help=(type(export).__doc__ or "").partition("\n")[0],
        key=key,
    )


def _written(one: Savable, export: Export[Any], who: str = "") -> bytes:
    with turn_of(f"file {export.name}", who=who):
        source = one.make()
        if export.asks_again and one.model is not None:
            with suppress(ModelError):  # the page has said why; the report does without
                source = asked_again(one.model, source)
        return export.write(source)
