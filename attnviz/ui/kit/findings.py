"""How results are presented: the main sentence, the choice of score, and bars."""

from __future__ import annotations

import html

import streamlit as st


def show_verdict(text: str) -> None:
    """Show the main sentence of a result in large type; HTML in it is escaped."""
    st.html(f'<p class="av-verdict">{html.escape(text)}</p>')


def margin_toggle(key: str) -> bool:
    """Let the user choose logit margins instead of probabilities; `key` is the widget's key."""
    return st.toggle(
        "Margin instead of probability",
        key=key,
        help="The logit of the class minus the highest logit of any other class: above 0 the "
        "class comes first. Unlike a probability, it does not saturate.",
    )


def bar_html(label: str, number: str, share: float, colour: str) -> str:
    """Make one labelled bar for a `<div class="av-bars">`.

    Parameters
    ----------
    label, number : str
        Text on the left and on the right above the bar; both are escaped.
    share : float
        Length of the bar, 0..1 of its track.
    colour : str
        CSS colour.

    Returns
    -------
    str
        HTML.
    """
    return (
        f'<div class="av-bar"><div class="av-row"><span>{html.escape(label)}</span>'
        f'<span class="av-num">{html.escape(number)}</span></div><div class="av-track">'
        f'<b style="width:{100 * share:.1f}%;background:{colour}"></b></div></div>'
    )
