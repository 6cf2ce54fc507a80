"""Results that all sessions share, by their bytes, and computed once in the visitor's turn."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable
from contextlib import nullcontext
from enum import StrEnum
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar

import streamlit as st
import torch

from attnviz.models.device import free_memory, list_devices
from attnviz.models.memory import system_memory
from attnviz.models.vision_model import VisionModel
from attnviz.scheduling.budgets import CacheBudgets
from attnviz.scheduling.byte_store import ByteStore
from attnviz.ui.kit.turns import (
    current_turn,
    forget_notice,
    stepping_aside,
    tell_wait,
    turn_of,
)

P = ParamSpec("P")
T = TypeVar("T")
_SAME = "Waiting for what another visitor has asked for, too"


class CacheShelf(StrEnum):
    """What kind of result it is: each kind has bytes of its own, from `CacheBudgets`."""

    MODELS = "models"
    EXPLANATIONS = "explanations"
    PICTURES = "pictures"
    PAYLOADS = "payloads"


@st.cache_resource(show_spinner=False)
def _stores() -> dict[CacheShelf, ByteStore]:
    budgets = CacheBudgets.from_environment(system_memory().total)
    stores = {shelf: ByteStore(getattr(budgets, shelf)) for shelf in CacheShelf}
    stores[CacheShelf.MODELS] = ByteStore(budgets.models, on_drop=_free_devices)
    return stores


def _free_devices() -> None:
    for device in list_devices():
        free_memory(torch.device(device.key))


def shared(
    shelf: CacheShelf, *, elsewhere: bool = False, first: Callable[..., Any] | None = None
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Keep what a function returns for all sessions, and compute it in the visitor's turn.

    The key are the arguments whose names have no underscore in front, as for
    `st.cache_resource`, whose `clear` clears this, too. What is returned is shared: nobody may
    change it. Two who ask for the same at once wait for one computation.

    Parameters
    ----------
    shelf : CacheShelf
        Where it is kept.
    elsewhere : bool
        Whether another process computes it, which has a queue of its own.
    first : callable, optional
        Asks another computer for it, with the same arguments and in no turn, and returns None for
        what is to be computed here.

    Returns
    -------
    callable
        The decorator.
    """

    def decorated(function: Callable[P, T]) -> Callable[P, T]:
        signature = inspect.signature(function)
        named = f"{function.__module__}.{function.__qualname__}"

        @wraps(function)
        def get(*args: P.args, **kwargs: P.kwargs) -> T:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            given = bound.arguments
            key = (named, *(value for name, value in given.items() if not name.startswith("_")))
            place = stepping_aside() if elsewhere else turn_of(_kind(named, given))

            def make() -> T:
                found: T | None = None if first is None else first(*args, **kwargs)
                if found is not None:
                    return found
                with place:
                    return function(*args, **kwargs)

            return _kept(_stores()[shelf], key, make)

        return get

    return decorated


def _kind(named: str, given: dict[str, Any]) -> str:
    """What is learned of its duration: each network has a pace of its own."""
    models = [value.name for value in given.values() if isinstance(value, VisionModel)]
    return " ".join([named, *models])


def _kept(store: ByteStore, key: Hashable, make: Callable[[], T]) -> T:
    """What is kept under a key, or else what is made for it."""
    turn = current_turn()
    aside = nullcontext if turn is None else turn.aside  # who makes it may need the slot held here
    found = store.get(key, make, partial(tell_wait, _SAME), aside)
    forget_notice()
    return found
