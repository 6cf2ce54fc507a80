"""Section "Sanity check": does the map depend on what the network has learned?"""

from __future__ import annotations

import html
from functools import cache, partial

import numpy as np
import streamlit as st

from attnviz.analysis.explain import method_cost
from attnviz.evidence.randomisation.cascade import (
    BORDER,
    SHUFFLES,
    SIMILARITY_BOUND,
    MapSimilarity,
    SanityCheck,
    SanityVerdict,
    map_count,
)
from attnviz.evidence.randomisation.check import CONTROLS, check_sanity
from attnviz.evidence.randomisation.weights import LEAST_STAGES, MOST_STAGES
from attnviz.methods.inference import Cost
from attnviz.progress import Progress
from attnviz.types import FloatArray
from attnviz.ui.kit.findings import show_verdict
from attnviz.ui.kit.inline_images import heat_link
from attnviz.ui.kit.long_work import long_work
from attnviz.ui.kit.sanity_warnings import record_sanity
from attnviz.ui.kit.text import signed
from attnviz.ui.pages.evidence.map_under_test import MapUnderTest
from attnviz.ui.pages.evidence.sanity_chart import sanity_chart
from attnviz.ui.pages.evidence.section import SECTIONS, Section

_SIDE = 200
_GREY = 150


def show(tested: MapUnderTest) -> None:
    """Show how the map changes while the weights of a copy of the network become random.

    Parameters
    ----------
    tested : MapUnderTest
        The map to check.
    """
    cost = cache(partial(method_cost, tested.model, tested.photo.shown, tested.explanation.method))
    result = long_work(
        "sanity",
        tested.key,
        lambda: _describe_cost(cost()),
        partial(_compute, tested),
        button="Run the check",
        unit="maps",
        pace=tested.pace("sanity", lambda: _whole_cost(cost())),
    )
    if result is None:
        return
    record_sanity(tested.explanation, tested.layer, insensitive=result.insensitive)
    show_verdict(describe_sanity(result))
    st.html(_filmstrip(tested, result))
    st.altair_chart(sanity_chart(result))
    st.caption(
        "In a copy of the network, stage after stage loses what it learned, from the output to the "
        "input: the values of each weight tensor are shuffled, so that its mean and spread stay "
        "(cascading randomisation, Adebayo et al., NeurIPS 2018). The control compares the trained "
        f"network's map with its maps of {CONTROLS} noise pictures that have the photo's colours "
        "and spectrum: the similarity that architecture and weights produce without the photo. "
        f"With all layers random, the weights are shuffled {SHUFFLES} times. A method is called "
        "insensitive if the rank correlation stays clearly above "
        f"{SIMILARITY_BOUND:g} in all of them, and is no lower than the control; within "
        f"{BORDER:g} of it, or if the shuffles disagree, the case is borderline. Layers after the "
        "one shown cannot change an attention map."
    )


def describe_sanity(result: SanityCheck) -> str:
    """Give the verdict in one or two sentences, with its numbers.

    Parameters
    ----------
    result : SanityCheck
        From `check_sanity`.

    Returns
    -------
    str
        Unescaped plain text.
    """
    end = f"with all layers random {_end_text(result)}"
    if result.verdict is SanityVerdict.INSENSITIVE:
        return (
            f"Insensitive to the model: {end}. The map hardly depends on what the network learned, "
            "so do not read it as the reason for the decision."
        )
    layer = next(
        (
            step.name
            for step in result.steps
            if step.similarity is None or step.similarity.spearman < SIMILARITY_BOUND
        ),
        "",
    )
    where = f" It loses its order when {layer} becomes random." if layer else ""
    if result.verdict is SanityVerdict.INCONCLUSIVE:
        return (
            f"The check is inconclusive: {end}, so maps of different pictures are as similar as "
            f"that.{where}"
        )
    if result.verdict is SanityVerdict.BORDERLINE:
        return (
            f"A borderline case: {end}, and the bound is {SIMILARITY_BOUND:g}. Much of the map may "
            "not depend on what the network learned, so read it with care."
        )
    return f"The map depends on what the network learned: {end}.{where}"


def _end_text(result: SanityCheck) -> str:
    """The similarity with all layers random, over all shuffles, beside the control."""
    ranks, control = result.final_ranks, result.control
    beside = f"; the control is at {signed(control.spearman)}" if control else ""
    if result.steps[-1].similarity is None and not any(ranks):
        return "it is flat"
    if len(ranks) == 1:
        return f"its rank correlation is {signed(ranks[0])}{beside}"
    low, high = signed(min(ranks)), signed(max(ranks))
    spread = f"{low} to {high} in {len(ranks)} shuffles"
    return f"its rank correlation is {signed(float(np.mean(ranks)))} ({spread}){beside}"


def _compute(tested: MapUnderTest, progress: Progress) -> SanityCheck:
    target = tested.asked if tested.explanation.target else None
    return check_sanity(
        tested.model, tested.photo.shown, tested.explanation.method, tested.layer, target,
        progress=progress,
    )  # fmt: skip


def _whole_cost(each: Cost) -> Cost:
    maps = map_count((LEAST_STAGES + MOST_STAGES) // 2, CONTROLS)
    return Cost(maps * each.forward, maps * each.backward)


def _describe_cost(each: Cost) -> str:
    passes = each.forward + each.backward
    passes_each = f", {passes:,} passes each" if passes > 2 else ""
    least, most = (map_count(stages, CONTROLS) for stages in (LEAST_STAGES, MOST_STAGES))
    return (
        "The weights of a copy of the network are made random, from the output to the input, and "
        f"the map is computed again after each stage: about {least} to {most} maps{passes_each}. "
        "The network itself does not change."
    )


def _filmstrip(tested: MapUnderTest, result: SanityCheck) -> str:
    """The heat map over the photo for every step, and the control's map, as HTML."""
    photo = tested.photo.shown.reduced(_SIDE).pixels
    frames = []
    for number, step in enumerate(result.steps):
        name = step.name or "trained"
        title = f"{name} and all later layers random" if step.name else "the trained network"
        note = "" if not number else _similarity(step.similarity)
        frames.append(_frame(tested, step.values, photo, name, note, title))
    grey = np.full_like(photo, _GREY)
    title = "The trained network's map of a noise picture with the photo's colours and spectrum"
    note = _similarity(result.control)
    frames.append(_frame(tested, result.control_values, grey, "control", note, title))
    return f'<div class="av-strip av-film">{"".join(frames)}</div>'


def _frame(
    tested: MapUnderTest, values: FloatArray, photo: np.ndarray, name: str, note: str, title: str
) -> str:
    link = heat_link(photo, values, tested.explanation.geometry)
    title = html.escape(f"{title}. {note}".strip())
    return (
        f'<figure title="{title}"><img alt="{title}" src="{link}"><figcaption>'
        f"{html.escape(name)}<br>{html.escape(note) or '&nbsp;'}</figcaption></figure>"
    )


def _similarity(likeness: MapSimilarity | None) -> str:
    return "flat" if likeness is None else f"rank correlation {signed(likeness.spearman)}"


SECTIONS.add(Section("sanity", "Sanity check", 40, show, needs_target=False))
