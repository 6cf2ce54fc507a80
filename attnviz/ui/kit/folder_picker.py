"""Choosing a folder on the computer that runs attnviz: by its path, or folder by folder."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import streamlit as st

from attnviz.ui.kit.url_state import start_value

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
    start_value(key, str(Path.home()))
    typed = st.text_input(title, key=key, persist_state="session", help=help_text)
    if not typed.strip():
        return None
    folder = Path(typed.strip().strip("\"'")).expanduser().absolute()
    go = partial(_go, key)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        below = f"{key} below"
        st.selectbox(
            "Go into", folders_in(folder), index=None, placeholder="Choose a subfolder", key=below,
            on_change=_enter, args=(key, below, str(folder)),
        )  # fmt: skip
        for name, icon, to in (
            ("Up", "arrow_upward", folder.parent),
            ("Home", "home", Path.home()),
            ("Working folder", "terminal", Path.cwd()),
        ):
            st.button(
                name, key=f"{key} {name}", icon=f":material/{icon}:", disabled=to == folder,
                on_click=go, args=(str(to),),
            )  # fmt: skip
    return folder


def folders_in(folder: Path) -> list[str]:
    """List the names of a folder's visible subfolders, sorted; empty if it is unreadable."""
    try:
        names = [
            one.name for one in folder.iterdir() if one.is_dir() and not one.name.startswith(".")
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
