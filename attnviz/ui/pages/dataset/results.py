"""Results to choose from: of runs on this computer, of folders that were opened, and a sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from attnviz.batch.opened import OpenedResults, open_results
from attnviz.batch.parts import MANIFEST, TABLE
from attnviz.errors import AttnvizError, OutputError
from attnviz.hosting import Hosting
from attnviz.jobs.state import RunPhase
from attnviz.ui.kit.file_version import file_version
from attnviz.ui.kit.folder_picker import pick_folder_path
from attnviz.ui.kit.guard import plain_text, show_error
from attnviz.ui.kit.shared import CacheShelf, shared
from attnviz.ui.pages.dataset.sample import sample_folder
from attnviz.ui.pages.dataset.set_runs import NEXT, known_set_runs

_CHOSEN, _OPENED, _SAMPLE = "set results", "set folders", "set sample"
_MOST = 8  # folders of a session


@dataclass(frozen=True, eq=False)
class OpenedSet:
    """Results that the page shows.

    Attributes
    ----------
    key : tuple of str
        Equal keys mean equal content.
    title : str
        What they are called; plain text.
    results : OpenedResults
        The results.
    """

    key: tuple[str, ...]
    title: str
    results: OpenedResults


def offer_results() -> None:
    """Let the user open a folder of results that were made elsewhere."""
    if not Hosting.from_environment().opens_folders:
        return
    with st.expander("Open results"):
        folder = pick_folder_path(
            "Folder of results on this computer",
            "set folder",
            "The folder given to `attnviz batch` as --out.",
        )
        if folder is None or not (folder / MANIFEST).is_file():
            st.caption("This folder holds no results of `attnviz batch`.")
        elif st.button("Open these results", type="primary", icon=":material/folder_open:"):
            opened = [one for one in _opened() if one != str(folder)]
            st.session_state[_OPENED] = [str(folder), *opened][:_MOST]
            st.session_state[NEXT] = str(folder)
            st.rerun()


def pick_results() -> OpenedSet | None:
    """Let the user choose among results; None if there are none, with what the page is for."""
    titles = known_results()
    wanted = st.session_state.pop(NEXT, None)
    if wanted in titles:
        st.session_state[_CHOSEN] = wanted
    if not titles:
        _show_welcome()
        return None
    if st.session_state.get(_CHOSEN) not in titles:
        st.session_state[_CHOSEN] = next(iter(titles))
    chosen = st.selectbox(
        "Results", list(titles), format_func=titles.__getitem__, key=_CHOSEN,
        persist_state="session",
    )  # fmt: skip
    try:
        return opened_set(str(chosen), titles[str(chosen)])
    except OutputError as error:
        show_error(error)
        return None


def known_results() -> dict[str, str]:
    """Return titles of all results that this visitor may look at, by path."""
    hosting = Hosting.from_environment()
    titles = {folder: Path(folder).name for folder in _opened() if hosting.may_open(Path(folder))}
    for run in known_set_runs():
        if run.state.phase is RunPhase.DONE:
            titles[str(run.results.path)] = run.folder.name
    if st.session_state.get(_SAMPLE):
        titles[str(sample_folder())] = "The sample photos"
    return titles


def opened_set(folder: str, title: str) -> OpenedSet:
    """Open results, which are read again when their files change; raises OutputError."""
    path = Path(folder)
    versions = (*file_version(path / TABLE), *file_version(path / MANIFEST))
    key = (folder, *map(str, versions))
    return OpenedSet(key, title, _read(key, path))


@shared(CacheShelf.PAYLOADS)
def _read(key: Sequence[str], _path: Path) -> OpenedResults:
    del key
    return open_results(_path)


def _opened() -> list[str]:
    opened: list[str] = st.session_state.setdefault(_OPENED, [])
    return opened


def _show_welcome() -> None:
    """Say what the page is for, and offer something to begin with."""
    st.markdown(
        "Let a network look at a whole folder, and see where it looks on average, which pictures "
        "it is unsure of, and in which it looks somewhere odd. Pictures of one class in which it "
        "looks at the same corner may all have a watermark there."
    )
    if st.button("Try it on the sample photos", type="primary", icon=":material/photo_library:"):
        with st.spinner("Looking at the sample photos …", show_time=True):
            try:
                folder = sample_folder()
            except AttnvizError as error:
                st.error(plain_text(str(error)))
                return
        st.session_state[_SAMPLE] = True
        st.session_state[NEXT] = str(folder)
        st.rerun()
