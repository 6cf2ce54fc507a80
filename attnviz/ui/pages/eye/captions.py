"""Captions: what eye and model have in common, and where the analogy ends, with sources."""

from __future__ import annotations

import html

import streamlit as st

_CAPTIONS = (
    (
        "The macula",
        "Light from the point you look at falls on the fovea, the centre of the macula. There the "
        "retina samples finely; resolution halves at 2.3° from the gaze and keeps falling. To "
        "read this line, your eye has to move along it.",
        "Sizes: CIE e-ILV 17-22-006 for foveola (1°) and fovea (5°). Resolution: Geisler & Perry "
        "1998. In psychology, fovea often means the central 2°.",
    ),
    (
        "Attention",
        "Attention selects among competing objects: the winner is processed further, the others "
        "lose influence. The eyes usually follow attention, but it can also shift without them.",
        "Competition: Desimone & Duncan 1995; Reynolds & Heeger 2009. Scanpath: winner-take-all "
        "with inhibition of return, after Itti, Koch & Niebur 1998.",
    ),
    (
        "The blur",
        "Bokeh is how a lens renders what lies outside its plane of focus. On the other pages blur "
        "stands for low attention. Here it stands for detail that the retina does not resolve. "
        "Neither is a distance.",
        "The zones are anatomical; the factor above the picture says how much is exaggerated.",
    ),
    (
        "Where the analogy ends",
        "Peripheral vision does not look blurred to us: it seems sharp and colourful. What is lost "
        "there is which detail belongs to which object. And a network has no fovea: it samples "
        "the whole picture equally finely, and its attention is a weight, not a gaze.",
        "Haun, What is visible across the visual field? Neuroscience of Consciousness 2021, "
        "doi 10.1093/nc/niab006.",
    ),
)


def show_captions() -> None:
    """Show four short captions side by side."""
    sections = "".join(
        f"<section><h4>{html.escape(title)}</h4><p>{html.escape(text)}</p>"
        f"<small>{html.escape(source)}</small></section>"
        for title, text, source in _CAPTIONS
    )
    st.html(f'<div class="av-likeness">{sections}</div>')
