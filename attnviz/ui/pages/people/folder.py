"""Choosing a folder of pictures with fixations, and reading it."""

from __future__ import annotations

import os
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from attnviz.errors import VisionError
from attnviz.hosting import Hosting
from attnviz.metrics.fixations import FILE, FixationSet, read_fixations
from attnviz.metrics.inter_observer import CentreBias
from attnviz.ui.kit.file_version import file_version
from attnviz.ui.kit.folder_picker import pick_folder_path
from attnviz.ui.kit.guard import plain_text, show_error
from attnviz.ui.kit.page_frame import show_notes
from attnviz.ui.kit.url_state import start_value
from attnviz.ui.pages.people.example import NAME, example_folder, example_zip

FOLDER = "people folder"
OSIE = "osie"
_OPENED = "people read"
_MAX_FOLDERS = 2
FORMAT = """\
A folder of pictures with a file `fixations.json` next to them (the pictures may also be in a
subfolder `images`). For each picture it lists the viewers, and for each viewer the fixations in
order: `x` to the right and `y` down in pixels of the picture, and optionally `ms`, the duration of
each in milliseconds.

```json
{
  "dog.jpg": [
    {"x": [395.5, 390.6], "y": [265.7, 326.4], "ms": [246, 136]},
    {"x": [210.0], "y": [118.2], "ms": [301]}
  ],
  "street.jpg": [{"x": [12, 640], "y": [300, 80]}]
}
```
"""


@dataclass(frozen=True, eq=False)
class OpenedFolder:
    """A folder and its content.

    Parameters
    ----------
    key : tuple of str
        Cache key: folders with equal keys have equal content.
    folder : Path
        The folder.
    dataset : FixationSet
        Pictures and fixations.
    centre_bias : CentreBias, optional
        Fixations on other pictures; None if there is only one picture.
    """

    key: tuple[str, ...]
    folder: Path
    dataset: FixationSet
    centre_bias: CentreBias | None

    @property
    def invented(self) -> bool:
        """Whether it is the example with invented fixations."""
        return self.folder.name == NAME


def pick_folder() -> OpenedFolder | None:
    """Let the user choose a folder.

    Returns
    -------
    OpenedFolder or None
        None until a folder is chosen, and if it cannot be used (a message says why).
    """
    # Not in the link: a link must not choose which files are read.
    start_value(FOLDER, "")
    chosen = bool(st.session_state[FOLDER].strip())
    message_area = st.container()
    with st.expander("Choose another folder", expanded=False) if chosen else st.container():
        path = _chosen_path()
        _show_shortcuts()
    if not path.strip():
        return None
    with message_area:
        try:
            return _read_folder(_checked_folder(path))
        except VisionError as error:
            show_error(error)
            return None


def _chosen_path() -> str:
    """Let the user type a path, or choose among the folders that a hosted app offers."""
    help_text = "attnviz only reads the folder and sends nothing anywhere."
    if not Hosting.from_environment().hosted:
        return st.text_input(
            "A folder on the computer that runs attnviz",
            key=FOLDER,
            persist_state="session",
            placeholder="/home/me/fixations, with pictures and a fixations.json",
            help=help_text,
        )
    folder = pick_folder_path("Folder of pictures with fixations", "people place", help_text)
    if folder is not None:
        st.button("Open this folder", on_click=_choose, args=(str(folder),))
    return str(st.session_state[FOLDER])


def _show_shortcuts() -> None:
    """Buttons for folders that are available already."""
    with st.container(horizontal=True):
        for folder in osie_folders():
            title = "Open the 350 photos of OSIE"
            st.button(title, icon=":material/visibility:", on_click=_choose, args=(str(folder),))
        st.button("Open an invented example", icon=":material/draw:", on_click=_choose_example)
        st.download_button(
            "Download the example",
            example_zip,
            f"{NAME}.zip",
            "application/zip",
            on_click="ignore",
            icon=":material/download:",
        )


def osie_folders() -> list[Path]:
    """Find the OSIE data set in the folder that `ATTNVIZ_DATA` names."""
    data = os.environ.get("ATTNVIZ_DATA", "")
    folder = Path(data).expanduser() / OSIE
    may_open = Hosting.from_environment().may_open(folder)
    return [folder] if data and may_open and (folder / FILE).is_file() else []


def _choose(folder: str) -> None:
    st.session_state[FOLDER] = folder


def _choose_example() -> None:
    try:
        _choose(str(example_folder()))
    except VisionError as error:
        show_error(error)


def _checked_folder(path: str) -> Path:
    folder = Path(path.strip().strip("\"'")).expanduser()
    if folder.name == FILE:
        folder = folder.parent
    if not Hosting.from_environment().may_open(folder) and folder != example_folder():
        raise VisionError("This server does not offer that folder. Choose one of those it offers.")
    try:
        if folder.is_dir():
            return folder
        reason = "is a file" if folder.exists() else "does not exist"
    except (OSError, ValueError):
        reason = "is not a valid path"
    shown = str(folder) if len(str(folder)) <= 200 else f"{str(folder)[:200]} …"
    raise VisionError(f"The folder {shown} {reason}. Enter the path of a folder with a {FILE}.")


def _read_folder(folder: Path) -> OpenedFolder:
    """The folder, read again only when its file has changed."""
    state = file_version(folder / FILE)
    key = (str(folder), *map(str, state))
    cache: OrderedDict[tuple[str, ...], OpenedFolder] = st.session_state.setdefault(
        _OPENED, OrderedDict()
    )
    if key not in cache:
        bar = st.progress(0.0, "Reading the pictures …")

        def show(done: int, total: int | None) -> None:
            if total and (done % 5 == 0 or done == total):
                bar.progress(done / total, f"Read {done:,} of {total:,} pictures")

        try:
            dataset = read_fixations(folder, progress=show)
        finally:
            bar.empty()
        centre_bias = CentreBias(dataset.pictures) if len(dataset.pictures) > 1 else None
        cache[key] = OpenedFolder(key, folder, dataset, centre_bias)
        while len(cache) > _MAX_FOLDERS:
            cache.popitem(last=False)
    return cache[key]


def show_facts(opened: OpenedFolder) -> None:
    """Show how much the folder contains, and what was left out."""
    photos = opened.dataset.pictures
    fixations = sum(len(viewer.x) for photo in photos for viewer in photo.observers)
    viewer_count = max(len(photo.observers) for photo in photos)
    pictures = "1 picture" if len(photos) == 1 else f"{len(photos):,} pictures"
    viewers = "1 viewer" if viewer_count == 1 else f"up to {viewer_count} viewers each"
    st.caption(
        f"**{plain_text(opened.folder.name)}**: {pictures}, {viewers}, {fixations:,} fixations"
    )
    if opened.invented:
        st.info("These fixations are invented, to show what the page does. Nobody was measured.")
    show_notes(opened.dataset.notes)
