"""Rounds of this browser session; nobody else sees them, and they end with it."""

from __future__ import annotations

from collections import OrderedDict

import streamlit as st

from attnviz.vision.bubbleview.rounds import Round, Task

SIDE = 800  # px, of the picture that is played
PICTURE = "bubbles picture"
ORDER = "bubbles order"
_ROUNDS = "bubbles rounds"
_ATTEMPTS = "bubbles attempts"
_REVEALED = "bubbles seen"
_MAX_ROUNDS = 24
Key = tuple[str, Task]


def session_round(picture: str, task: Task) -> Round | None:
    """Return the round played on a picture (given by its SHA-256) with a task, if there is one."""
    return _rounds().get((picture, task))


def store_round(picture: str, played: Round) -> None:
    """Store a round; its picture counts as revealed from now on."""
    rounds = _rounds()
    rounds[picture, played.task] = played
    while len(rounds) > _MAX_ROUNDS:
        rounds.popitem(last=False)
    revealed: set[str] = st.session_state.setdefault(_REVEALED, set())
    revealed.add(picture)


def was_revealed(picture: str) -> bool:
    """Whether the picture was shown sharp, as happens after each round."""
    return picture in st.session_state.get(_REVEALED, set())


def attempt_number(picture: str, task: Task) -> int:
    """Return how often the round was restarted."""
    attempts: dict[Key, int] = st.session_state.setdefault(_ATTEMPTS, {})
    return attempts.get((picture, task), 0)


def restart_round(picture: str, task: Task) -> None:
    """Delete the round and start a new one."""
    _rounds().pop((picture, task), None)
    attempts: dict[Key, int] = st.session_state.setdefault(_ATTEMPTS, {})
    attempts[picture, task] = attempts.get((picture, task), 0) + 1


def next_picture() -> None:
    """Choose the next picture in the order to play; after the last one comes the first."""
    keys: list[str] = st.session_state.get(ORDER, [])
    if keys:
        chosen = st.session_state.get(PICTURE)
        at = keys.index(chosen) if chosen in keys else -1
        st.session_state[PICTURE] = keys[(at + 1) % len(keys)]


def _rounds() -> OrderedDict[Key, Round]:
    rounds: OrderedDict[Key, Round] = st.session_state.setdefault(_ROUNDS, OrderedDict())
    return rounds
