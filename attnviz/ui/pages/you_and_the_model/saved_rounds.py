"""Saving a round on request: files on this computer, to download and delete.

A hosted app stores no rounds: there a round is downloaded by whoever played it.
"""

from __future__ import annotations

import streamlit as st

from attnviz.errors import AttnvizError
from attnviz.export.round_file import RoundOfPicture
from attnviz.hosting import Hosting
from attnviz.pictures.names import file_stem
from attnviz.ui.kit.guard import plain_text, show_error
from attnviz.ui.kit.pickers import Photo
from attnviz.ui.kit.save_menu import Savable
from attnviz.ui.pages.you_and_the_model.texts import TASKS
from attnviz.vision.bubbleview.rounds import Round
from attnviz.vision.bubbleview.stored_rounds import (
    PlayedPicture,
    StoredRound,
    as_fixations,
    delete_round,
    list_rounds,
    rounds_folder,
    save_round,
)

_SAVED = "bubbles kept"


def show_save_button(photo: Photo, played: Round) -> None:
    """Show the button that saves a round on this computer, where the app is not hosted.

    Parameters
    ----------
    photo : Photo
        The picture of the round.
    played : Round
        The person's clicks. Nothing is stored until a button is pressed.
    """
    if Hosting.from_environment().hosted:
        return
    key = (photo.shown.sha256, repr(played))
    saved = _saved_keys()
    st.button(
        "Saved on this computer" if key in saved else "Save this round",
        on_click=_save,
        args=(photo, played, key),
        disabled=key in saved,
        icon=":material/bookmark:",
        help=f"Writes a small file to {plain_text(str(rounds_folder()))}: where and when you "
        "clicked, and the picture's name and checksum, but not the picture. Nothing is stored "
        "unless you press this button.",
    )


def savable_round(photo: Photo, played: Round) -> Savable:
    """Return a round as the menu offers it."""
    stem = file_stem(photo.title)
    return Savable(
        RoundOfPicture, lambda: RoundOfPicture(_picture(photo), played), stem, "Your round"
    )


def _save(photo: Photo, played: Round, key: tuple[str, str]) -> None:
    try:
        stored = save_round(_picture(photo), played)
    except AttnvizError as error:
        st.session_state["bubbles trouble"] = error
    else:
        _saved_keys()[key] = stored.key


def _saved_keys() -> dict[tuple[str, str], str]:
    """Keys of the files in which rounds of this session are saved."""
    saved: dict[tuple[str, str], str] = st.session_state.setdefault(_SAVED, {})
    return saved


def _picture(photo: Photo) -> PlayedPicture:
    """The picture at its original size, which is opened only for this."""
    original = photo.whole()
    return PlayedPicture(original.name, original.sha256, (original.height, original.width))


def show_saved_rounds() -> None:
    """List the rounds saved on this computer, with buttons to delete and download them."""
    error = st.session_state.pop("bubbles trouble", None)
    if error is not None:
        show_error(error)
    if Hosting.from_environment().hosted:
        return
    rounds, broken = list_rounds()
    if not rounds and not broken:
        st.caption("No round is saved on this computer.")
        return
    with st.expander(f"Rounds saved on this computer ({len(rounds) + len(broken)})"):
        for stored in rounds:
            _show_row(stored.key, _round_title(stored))
        for key in broken:
            _show_row(key, f"{key}: cannot be read as a round.")
        with st.container(horizontal=True):
            st.download_button(
                "Download as fixations.json",
                # The bytes themselves, not a function: a deferred file gets a new name with each
                # run of the page, and a click during a run would request one that is gone.
                data=as_fixations(rounds),
                file_name="fixations.json",
                mime="application/json",
                on_click="ignore",
                icon=":material/download:",
                help="Put it next to the pictures for `attnviz agreement`: every round counts as "
                "one viewer, its clicks as fixations.",
                disabled=not rounds,
            )
            st.button(
                "Delete all",
                on_click=_delete,
                args=([stored.key for stored in rounds] + list(broken),),
                icon=":material/delete:",
            )


def _show_row(key: str, text: str) -> None:
    description, button = st.columns([9, 2], vertical_alignment="center")
    with description:
        st.markdown(plain_text(text))
    with button:
        st.button(
            "Delete", key=f"delete {key}", on_click=_delete, args=([key],), icon=":material/delete:"
        )


def _delete(keys: list[str]) -> None:
    try:
        for key in keys:
            delete_round(key)
    except AttnvizError as error:
        st.session_state["bubbles trouble"] = error
    saved = {played: key for played, key in _saved_keys().items() if key not in keys}
    st.session_state[_SAVED] = saved


def _round_title(stored: StoredRound) -> str:
    when = stored.saved[:16].replace("T", " ")
    played = stored.played
    task = TASKS[played.task].lower()
    answer = f', "{played.answer}"' if played.answer else ""
    return f"{stored.picture.name}: {task}, {len(played.clicks)} clicks{answer}, {when} UTC"
