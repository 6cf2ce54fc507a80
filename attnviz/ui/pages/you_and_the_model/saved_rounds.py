"""Keeping a round, if the person asks for it: a file on this computer, to download and delete."""

from __future__ import annotations

import streamlit as st

from attnviz.errors import AttnvizError
from attnviz.ui.kit.guard import plain_text, show_error
from attnviz.ui.kit.pickers import Photo
from attnviz.ui.pages.you_and_the_model.texts import TASKS
from attnviz.vision.bubbleview.rounds import Round
from attnviz.vision.bubbleview.stored_rounds import (
    PlayedPicture,
    StoredRound,
    as_fixations,
    as_json,
    delete_round,
    list_rounds,
    now,
    rounds_folder,
    save_round,
)

_SAVED = "bubbles kept"


def show_save_buttons(photo: Photo, played: Round) -> None:
    """Buttons that keep a round here, or download it; nothing is stored without them."""
    key = (photo.shown.sha256, repr(played))
    kept = _saved_keys()
    st.button(
        "Kept on this computer" if key in kept else "Keep this round",
        on_click=_save,
        args=(photo, played, key),
        disabled=key in kept,
        icon=":material/bookmark:",
        help=f"Writes a small file into {plain_text(str(rounds_folder()))}: where and when you "
        "clicked, and the picture's name and checksum, not the picture. Nothing is stored unless "
        "you ask.",
    )
    st.download_button(
        "Download it",
        data=lambda: as_json(_picture(photo), played, now()),
        file_name="attnviz-round.json",
        mime="application/json",
        on_click="ignore",
        icon=":material/download:",
    )


def _save(photo: Photo, played: Round, key: tuple[str, str]) -> None:
    try:
        stored = save_round(_picture(photo), played)
    except AttnvizError as error:
        st.session_state["bubbles trouble"] = error
    else:
        _saved_keys()[key] = stored.key


def _saved_keys() -> dict[tuple[str, str], str]:
    """Of this session's rounds those that are kept, with their files' keys."""
    kept: dict[tuple[str, str], str] = st.session_state.setdefault(_SAVED, {})
    return kept


def _picture(photo: Photo) -> PlayedPicture:
    """The picture's own size takes the whole of it, which is opened for this alone."""
    whole = photo.whole()
    return PlayedPicture(whole.name, whole.sha256, (whole.height, whole.width))


def show_saved_rounds() -> None:
    """The rounds that are kept on this computer, each to be deleted, all to be downloaded."""
    trouble = st.session_state.pop("bubbles trouble", None)
    if trouble is not None:
        show_error(trouble)
    rounds, broken = list_rounds()
    if not rounds and not broken:
        st.caption("No round is kept on this computer.")
        return
    with st.expander(f"Rounds kept on this computer ({len(rounds) + len(broken)})"):
        for stored in rounds:
            _show_row(stored.key, _round_title(stored))
        for key in broken:
            _show_row(key, f"{key}: holds no round that can be read.")
        with st.container(horizontal=True):
            st.download_button(
                "Download as fixations.json",
                # Its bytes, for they are few: a deferred file has another name after each run of
                # the page, and a press while it runs would ask for one that is gone.
                data=as_fixations(rounds),
                file_name="fixations.json",
                mime="application/json",
                on_click="ignore",
                icon=":material/download:",
                help="With the pictures beside it, `python -m attnviz agreement` reads it: every "
                "round counts as one viewer, its clicks as fixations.",
                disabled=not rounds,
            )
            st.button(
                "Delete all",
                on_click=_delete,
                args=([one.key for one in rounds] + list(broken),),
                icon=":material/delete:",
            )


def _show_row(key: str, text: str) -> None:
    said, button = st.columns([9, 2], vertical_alignment="center")
    with said:
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
    kept = {of: key for of, key in _saved_keys().items() if key not in keys}
    st.session_state[_SAVED] = kept


def _round_title(stored: StoredRound) -> str:
    when = stored.saved[:16].replace("T", " ")
    played = stored.played
    task = TASKS[played.task].lower()
    answer = f', "{played.answer}"' if played.answer else ""
    return f"{stored.picture.name}: {task}, {len(played.clicks)} clicks{answer}, {when} UTC"
