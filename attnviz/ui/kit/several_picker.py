"""Choosing several things of a list, with a link that contains them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from attnviz.ui.kit.pickers import Photo
from attnviz.ui.kit.url_state import linked


@dataclass(frozen=True)
class PickedNames:
    """Names chosen in a box, and their text in a link: empty for the default."""

    names: tuple[str, ...]
    link: str


def pick_several(
    label: str,
    options: Sequence[str],
    first: Sequence[str],
    key: str,
    most: int,
    title: Callable[[str], str],
    help_text: str,
) -> PickedNames:
    """Show a box for several names.

    Parameters
    ----------
    label : str
        Written above it.
    options : sequence of str
        What can be chosen.
    first : sequence of str
        Chosen at first, unless the link says otherwise.
    key : str
        Key of the widget, and name in the link.
    most : int
        How many can be chosen.
    title : callable
        Returns the text of an option.
    help_text : str
        Explains the choice.

    Returns
    -------
    PickedNames
    """
    if key not in st.session_state:
        in_link = _known((linked(key) or "").split(","), options)
        st.session_state[key] = (in_link or list(first))[:most]
    else:
        st.session_state[key] = _known(st.session_state[key], options)
    chosen: list[str] = st.multiselect(
        label,
        options,
        format_func=title,
        key=key,
        persist_state="session",
        max_selections=most,
        help=help_text,
    )
    return PickedNames(tuple(chosen), "" if chosen == list(first) else ",".join(chosen))


def pick_more(
    offered: Mapping[str, Photo], others: Sequence[str], key: str, most: int, help_text: str
) -> PickedNames:
    """Let the user choose pictures in addition to the one chosen in the row.

    Parameters
    ----------
    offered : mapping of str to Photo
        All pictures.
    others : sequence of str
        Keys of those that can be added.
    key, most, help_text
        As for `pick_several`.

    Returns
    -------
    PickedNames
        Keys of pictures. A message says so if the link asks for one that is not here.
    """
    missing = set(filter(None, (linked(key) or "").split(","))) - set(offered)
    if missing:
        which = "One photo is" if len(missing) == 1 else f"{len(missing)} photos are"
        st.warning(
            f"{which} missing that this page's link asks for. Add what is missing above, then "
            "choose it here.",
            icon=":material/hide_image:",
        )
    return pick_several(
        "More pictures", others, [], key, most, lambda name: offered[name].title, help_text
    )


def _known(names: Sequence[str], options: Collection[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name in options]
