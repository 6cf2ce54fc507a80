"""What eye and model have in common, and where the likeness ends; each sentence with its source."""

from __future__ import annotations

import html

import streamlit as st

_CAPTIONS = (
    (
        "What the macula does",
        "Light from what you look at falls on the fovea, the middle of the macula. There the "
        "retina samples finely; detail halves by 2.3° from the gaze and keeps falling. To read "
        "this line your eye has to move along it.",
        "Sizes: CIE e-ILV 17-22-006 for foveola (1°) and fovea (5°). Fall-off: Geisler & Perry "
        "1998. Psychologists often call the middle 2° the fovea.",
    ),
    (
        "What attention does",
        "Attention selects among the candidates: what wins is passed on, what is not selected "
        "loses influence. Eyes usually follow it, but it can also go where the eyes do not.",
        "Competition: Desimone & Duncan 1995; Reynolds & Heeger 2009. The scanpath: winner takes "
        "all, then inhibition of return, after Itti, Koch & Niebur 1998.",
    ),
    (
        "What the blur is",
        "Bokeh is what a lens does to light from outside its plane of focus. On the other pages "
        "it stands for attention. Here it stands for what the retina no longer resolves. Neither "
        "is a distance.",
        "The zones are anatomy; the factor over the picture says how much is exaggerated.",
    ),
    (
        "Where the likeness ends",
        "To its owner the edge of sight does not look blurred: it seems sharp and colourful. What "
        "is lost there is which detail belongs to what. And a network has no fovea: it reads "
        "every place equally finely, and its attention is a weight, not a glance.",
        "Haun, What is visible across the visual field? Neuroscience of Consciousness 2021, "
        "doi 10.1093/nc/niab006.",
    ),
)


def show_captions() -> None:
    """Four short captions side by side."""
    parts = "".join(
        f"<section><h4>{html.escape(title)}</h4><p>{html.escape(text)}</p>"
        f"<small>{html.escape(source)}</small></section>"
        for title, text, source in _CAPTIONS
    )
    st.html(f'<div class="av-likeness">{parts}</div>')
