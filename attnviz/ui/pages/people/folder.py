"""Which folder of pictures and fixations is looked at, and reading it."""

from __future__ import annotations

import os
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from attnviz.errors import VisionError
from attnviz.metrics.fixations import FILE, FixationSet, read_fixations
from attnviz.metrics.inter_observer import CentreBias
from attnviz.ui.kit.cache import file_version
from attnviz.ui.kit.guard import plain_text, show_error
from attnviz.ui.kit.url_state import start_value
from attnviz.ui.pages.people.example import NAME, example_folder, example_zip

FOLDER = "people folder"
OSIE = "osie"
_OPENED = "people read"
_MAX_FOLDERS = 2
FORMAT = """\
A folder of pictures with one file `fixations.json` beside them (the pictures may also lie in
`images`). For each picture it lists the viewers, and for each viewer their fixations in order: `x`
to the right and `y` down in the picture's own pixels, and `ms`, how long each lasted, if you know.

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
    """A folder that was read. others: where people look in other pictures, None for one picture.

    key: decides all of its content.
    """

    key: tuple[str, ...]
    folder: Path
    found: FixationSet
    others: CentreBias | None

    @property
    def invented(self) -> bool:
        """Whether it is the example, at which nobody has looked."""
        return self.folder.name == NAME


def pick_folder() -> OpenedFolder | None:
    """The folder that was chosen; one message where it cannot be used, None until there is one."""
    # Not in the link: a link must not choose what is read here.
    start_value(FOLDER, "")
    chosen = bool(st.session_state[FOLDER].strip())
    place = st.container()
    with st.expander("Choose another folder", expanded=False) if chosen else st.container():
        path = st.text_input(
            "A folder on the computer that runs attnviz",
            key=FOLDER,
            persist_state="session",
            placeholder="/home/me/looked, with pictures and a fixations.json",
            help="Nothing in it is changed, and nothing is sent anywhere.",
        )
        _show_shortcuts()
    if not path.strip():
        return None
    with place:
        try:
            return _read_folder(_checked_folder(path))
        except VisionError as error:
            show_error(error)
            return None


def _show_shortcuts() -> None:
    """Folders that are there already, one click away."""
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
    """The OSIE photos, where the folder of data that is set up on this machine holds them."""
    data = os.environ.get("ATTNVIZ_DATA", "")
    folder = Path(data).expanduser() / OSIE
    return [folder] if data and (folder / FILE).is_file() else []


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
    try:
        if folder.is_dir():
            return folder
        reason = "is a file" if folder.exists() else "is not there"
    except (OSError, ValueError):
        reason = "is no path"
    said = str(folder) if len(str(folder)) <= 200 else f"{str(folder)[:200]} …"
    raise VisionError(f"The folder {said} {reason}. Give the path of a folder with a {FILE}.")


def _read_folder(folder: Path) -> OpenedFolder:
    """The folder, read once for each state of its file."""
    state = file_version(folder / FILE)
    key = (str(folder), *map(str, state))
    known: OrderedDict[tuple[str, ...], OpenedFolder] = st.session_state.setdefault(
        _OPENED, OrderedDict()
    )
    if key not in known:
        bar = st.progress(0.0, "Looking through the pictures …")

        def show(done: int, total: int | None) -> None:
            if total and (done % 5 == 0 or done == total):
                bar.progress(done / total, f"Looked through {done:,} of {total:,} pictures")

        try:
            found = read_fixations(folder, progress=show)
        finally:
            bar.empty()
        others = CentreBias(found.pictures) if len(found.pictures) > 1 else None
        known[key] = OpenedFolder(key, folder, found, others)
        while len(known) > _MAX_FOLDERS:
            known.popitem(last=False)
    return known[key]


def show_facts(opened: OpenedFolder) -> None:
    """How much the folder holds, and what of it was left out."""
    photos = opened.found.pictures
    fixations = sum(len(viewer.x) for photo in photos for viewer in photo.observers)
    most = max(len(photo.observers) for photo in photos)
    pictures = "1 picture" if len(photos) == 1 else f"{len(photos):,} pictures"
    viewers = "1 viewer" if most == 1 else f"up to {most} viewers each"
    st.caption(
        f"**{plain_text(opened.folder.name)}**: {pictures}, {viewers}, {fixations:,} fixations"
    )
    if opened.invented:
        st.info("These fixations are invented, to show what the page does. Nobody looked.")
    for note in opened.found.notes:
        st.warning(plain_text(note))
