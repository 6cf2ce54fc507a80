"""Section "Sanity check": does the map depend on what the network has learned?"""

from __future__ import annotations

import html

import numpy as np
import streamlit as st

from attnviz.analysis.explain import method_cost
from attnviz.evidence.randomisation.cascade import SIMILARITY_BOUND, MapSimilarity, SanityCheck
from attnviz.evidence.randomisation.check import CONTROLS, check_sanity
from attnviz.evidence.randomisation.weights import LEAST_STAGES, MOST_STAGES
from attnviz.progress import Progress
from attnviz.types import FloatArray
from attnviz.ui.kit.inline_images import heat_link
from attnviz.ui.kit.long_work import long_work
from attnviz.ui.kit.sanity_warnings import record_sanity
from attnviz.ui.pages.evidence.map_under_test import MapUnderTest
from attnviz.ui.pages.evidence.sanity_chart import sanity_chart
from attnviz.ui.pages.evidence.section import SECTIONS, Section

_SIDE = 200
_GREY = 150


def show(asked: MapUnderTest) -> None:
    """What becomes of the map while a copy of the network forgets, layer by layer."""
    found = long_work(
        "sanity", asked.key, lambda: _cost(asked), lambda told: _compute(asked, told),
        button="Check", unit="maps",
    )  # fmt: skip
    if found is None:
        return
    record_sanity(asked.explanation, asked.layer, insensitive=found.insensitive)
    st.html(f'<p class="av-verdict">{html.escape(describe_sanity(found))}</p>')
    st.html(_filmstrip(asked, found))
    st.altair_chart(sanity_chart(found))
    st.caption(
        "From the output to the input each stage of a copy of the network loses what it learned: "
        "the values of each weight tensor are shuffled, its mean and spread stay (cascading "
        "randomisation, Adebayo et al., NeurIPS 2018). The control is how alike the trained "
        f"network's own map is to those of {CONTROLS} pictures of noise with the photo's colours "
        "and spectrum: what architecture and network bring without the photo. A method is called "
        f"insensitive if its rank correlation stays above {SIMILARITY_BOUND:g} with all layers "
        "random, and no lower than the control. Layers behind the one that is shown cannot change "
        "a map of attention."
    )


def describe_sanity(found: SanityCheck) -> str:
    """The verdict in a sentence or two, with its numbers."""
    last, control = found.steps[-1].similarity, found.control
    beside = f"; the control is at {_rank(control)}" if control else ""
    if last is None:
        end = "with all layers random it is flat, and nothing stands out in it"
    else:
        end = f"with all layers random its rank correlation is {_rank(last)}{beside}"
    if found.insensitive:
        return (
            f"Insensitive to the model: {end}. The map hardly depends on what the network learned; "
            "do not read it as the network's reason."
        )
    lost = next(
        (
            one.name
            for one in found.steps
            if one.similarity is None or one.similarity.spearman < SIMILARITY_BOUND
        ),
        "",
    )
    where = f" It loses its order when {lost} becomes random." if lost else ""
    if last is not None and abs(last.spearman) > SIMILARITY_BOUND:
        return (
            f"The check cannot tell: {end}, so that maps of different pictures are as alike as "
            f"this.{where}"
        )
    return f"The map depends on what the network learned: {end}.{where}"


def _compute(asked: MapUnderTest, progress: Progress) -> SanityCheck:
    target = asked.target_index if asked.explanation.target else None
    return check_sanity(
        asked.model, asked.photo.shown, asked.explanation.method, asked.layer, target,
        progress=progress,
    )  # fmt: skip


def _cost(asked: MapUnderTest) -> str:
    cost = method_cost(asked.model, asked.photo.shown, asked.explanation.method)
    passes = cost.forward + cost.backward
    each = f", {passes:,} passes each" if passes > 2 else ""
    least, most = (1 + CONTROLS + stages for stages in (LEAST_STAGES, MOST_STAGES))
    return (
        f"A copy of the network is made random from the output to the input, and the map is made "
        f"again after each stage: about {least} to {most} maps{each}. Your network stays as it is."
    )


def _filmstrip(asked: MapUnderTest, found: SanityCheck) -> str:
    """Heat over the photo for every step, and the control's map, as HTML."""
    photo = asked.photo.shown.reduced(_SIDE).pixels
    frames = []
    for number, step in enumerate(found.steps):
        name = step.name or "trained"
        title = f"{name} random, with all behind it" if step.name else "the trained network"
        note = "" if not number else _alike(step.similarity)
        frames.append(_frame(asked, step.values, photo, name, note, title))
    grey = np.full_like(photo, _GREY)
    title = "The trained network's map of a control picture that shares nothing with the photo"
    note = _alike(found.control)
    frames.append(_frame(asked, found.control_values, grey, "control", note, title))
    return f'<div class="av-strip av-film">{"".join(frames)}</div>'


def _frame(
    asked: MapUnderTest, values: FloatArray, photo: np.ndarray, name: str, note: str, title: str
) -> str:
    link = heat_link(photo, values, asked.explanation.geometry)
    said = html.escape(f"{title}. {note}".strip())
    return (
        f'<figure title="{said}"><img alt="{said}" src="{link}"><figcaption>'
        f"{html.escape(name)}<br>{html.escape(note) or '&nbsp;'}</figcaption></figure>"
    )


def _alike(found: MapSimilarity | None) -> str:
    return "flat" if found is None else f"rank correlation {_rank(found)}"


def _rank(found: MapSimilarity) -> str:
    return f"{found.spearman:+.2f}".replace("-", "\N{MINUS SIGN}")


SECTIONS.add(Section("sanity", "Sanity check", 40, show))
