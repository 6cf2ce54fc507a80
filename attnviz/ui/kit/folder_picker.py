"""Choosing a folder on the computer that runs attnviz: by its path, or folder by folder.

Visitors of a hosted app go from folder to folder below those that whoever runs it has named; no
path is typed, and none is taken from the browser.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from attnviz.hosting import Hosting
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.url_state import start_value
from attnviz.untrusted.values import sendable

_MOST = 500  # folders listed


def pick_folder_path(title: str, key: str, help_text: str) -> Path | None:
    """Let the user choose a folder, starting at the home folder.

    Parameters
    ----------
    title : str
        Label of the text field.
    key : str
        Key of the text field, and prefix of the other keys.
    help_text : str
        Help of the text field.

    Returns
    -------
    Path or None
        The absolute path, which may not exist; None if the field is empty.

    Notes
    -----
    The folder is not part of the link: a link must not choose which files are read.
    """
    hosting = Hosting.from_environment()
    if hosting.hosted:
        return _pick_below(title, key, help_text, hosting)
    start_value(key, str(_home()))
    typed = st.text_input(title, key=key, persist_state="session", help=help_text)
    if not typed.strip():
        return None
    folder = Path(typed.strip().strip("\"'")).expanduser().absolute()
    _show_ways(
        key, folder, folders_in(folder),
        ("Up", "arrow_upward", folder.parent),
        ("Home", "home", _home()),
        ("Working folder", "terminal", Path.cwd()),
    )  # fmt: skip
    return folder


def _pick_below(title: str, key: str, help_text: str, hosting: Hosting) -> Path | None:
    """Let the visitor go from folder to folder, below those that the operator has named."""
    if not hosting.roots:
        return None
    place = f"{key} here"  # no widget's, so the browser cannot set it
    folder = Path(st.session_state.get(place, hosting.roots[0]))
    if not hosting.may_open(folder):
        folder = hosting.roots[0]
    st.markdown(f"{plain_text(title)}: **{plain_text(folder.name)}**", help=help_text)
    below = [name for name in folders_in(folder) if hosting.may_open(folder / name)]
    up = folder.parent if hosting.may_open(folder.parent) else folder
    roots = [(root.name, "folder", root) for root in hosting.roots]
    _show_ways(place, folder, below, ("Up", "arrow_upward", up), *roots)
    return folder


def _show_ways(key: str, folder: Path, below: list[str], *ways: tuple[str, str, Path]) -> None:
    """Show the folders below, and buttons with title and icon that lead elsewhere."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        box = f"{key} below"
        st.selectbox(
            "Go into", below, index=None, placeholder="Choose a subfolder", key=box,
            on_change=_enter, args=(key, box, str(folder)),
        )  # fmt: skip
        for name, icon, to in ways:
            st.button(
                plain_text(name), key=f"{key} {name} {to}", icon=f":material/{icon}:",
                disabled=to == folder, on_click=_go, args=(key, str(to)),
            )  # fmt: skip


def _home() -> Path:
    """The home folder; the working folder where this user has none."""
    try:
        return Path.home()
    except RuntimeError:
        return Path.cwd()


def folders_in(folder: Path) -> list[str]:
    """List the names of a folder's visible subfolders, sorted; empty if it is unreadable.

    A name that is no valid text is left out: it can be shown, but does not come back.
    """
    try:
        names = [
            one.name
            for one in folder.iterdir()
            if one.is_dir() and not one.name.startswith(".") and sendable(one.name) == one.name
        ]
    except OSError:
        return []
    return sorted(names, key=str.casefold)[:_MOST]


def _go(key: str, folder: str) -> None:
    st.session_state[key] = folder


def _enter(key: str, below: str, folder: str) -> None:
    name = st.session_state[below]
    if name:
        st.session_state[key] = str(Path(folder) / name)
        st.session_state[below] = None
