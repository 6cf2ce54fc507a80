"""Scores as bars, with lines for chance and for the inter-observer score."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from attnviz.metrics.bootstrap import Interval
from attnviz.people.dataset import OTHER_OBSERVERS
from attnviz.people.ground_truth import AUC, BITS, CC, KL, NSS, SCORES, SHUFFLED, SIM
from attnviz.people.rows import PRIOR, AgreementRow
from attnviz.people.table import CHANCE

MEANING = {
    NSS: "Mean of the map at the fixations, in standard deviations above the map's mean.",
    AUC: "How often the map is higher at a fixated point than at one that nobody fixated.",
    SHUFFLED: "The same against fixations on other pictures: centre bias gains nothing.",
    CC: "Correlation of the map with the density of all fixations.",
    SIM: "Overlap of map and density, from 0 to 1.",
    KL: "Divergence of the map from people's density, in nats. Lower is better.",
    BITS: "Bits per fixation gained over the fixations on other pictures.",
}
LEVELS = CHANCE | {BITS: 0.0}  # scores of a map that ignores the picture
_SHORT = {PRIOR: "centre of other pictures", "centre, a Gaussian": "centre, a Gaussian"}


@dataclass(frozen=True)
class Bar:
    """A value to draw.

    Parameters
    ----------
    title : str
        Name of the map maker.
    value : float
        Its score.
    low, high : float, optional
        Ends of its interval, if there is more than one picture.
    plain : bool
        Whether it needs no model; such bars are paler.
    """

    title: str
    value: float
    low: float | None = None
    high: float | None = None
    plain: bool = False


def score_bars(score: str, bars: Sequence[Bar], people: float | None, note: str = "") -> str:
    """Draw one score of all map makers, the best on top.

    Parameters
    ----------
    score : str
        One of `SCORES`.
    bars : sequence of Bar
        Values to draw; their titles are escaped here.
    people : float, optional
        Inter-observer score, drawn as a line.
    note : str
        Text below the bars.

    Returns
    -------
    str
        HTML.
    """
    chance = LEVELS.get(score)
    ends = [value for bar in bars for value in (bar.value, bar.low, bar.high)]
    known = [value for value in (*ends, people, chance) if value is not None]
    low, high = min(0.0 if score not in (AUC, SHUFFLED) else 0.5, *known), max(known)
    span = (high - low) * 1.02 or 1.0

    def at(value: float) -> float:
        return 100 * (value - low) / span

    start = at(chance if chance is not None else max(low, 0.0))
    lines = "".join(
        f'<u class="av-{kind}" style="left:{at(level):.2f}%"></u>'
        for kind, level in (("chance", chance), ("people", people))
        if level is not None
    )
    ordered = sorted(bars, key=lambda bar: bar.value, reverse=score != KL)
    rows = "".join(_row(bar, start, at, lines) for bar in ordered)
    keys = []
    if chance is not None:
        reference = "other pictures" if score == BITS else "chance"
        keys.append(f'<span><u class="av-chance"></u>{reference} {chance:g}</span>')
    if people is not None:
        keys.append(f'<span><u class="av-people"></u>other people {_number(people)}</span>')
    aside = f'<p class="av-aside">{html.escape(note)}</p>' if note else ""
    return (
        f'<section class="av-score"><h4>{html.escape(_title(score))}</h4>'
        f"<p>{html.escape(MEANING[score])}</p>"
        f'<div class="av-legend av-ends">{"".join(keys)}</div>'
        f'<div class="av-bars">{rows}</div>{aside}</section>'
    )


def row_bars(rows: Sequence[AgreementRow]) -> str:
    """Draw all scores of a folder, with intervals.

    Parameters
    ----------
    rows : sequence of AgreementRow
        From `attnviz.people.rows`; one row has the inter-observer scores.

    Returns
    -------
    str
        HTML.
    """
    ceiling = {
        score: interval
        for row in rows
        if row.name == OTHER_OBSERVERS
        for score, interval in row.cells.items()
    }
    others = [row for row in rows if row.name != OTHER_OBSERVERS]
    parts = []
    for score in SCORES:
        bars = [_row_bar(row, row.cells[score]) for row in others if score in row.cells]
        if bars:
            people = ceiling[score].mean if score in ceiling else None
            fitted = "Each map is converted to a density, fitted on the other half of the pictures."
            parts.append(score_bars(score, bars, people, fitted if score in (KL, BITS) else ""))
    return f'<div class="av-scores">{"".join(parts)}</div>'


def rows_verdict(rows: Sequence[AgreementRow]) -> str:
    """Name the map maker with the highest NSS and its share of the inter-observer score.

    Parameters
    ----------
    rows : sequence of AgreementRow
        From `attnviz.people.rows`.

    Returns
    -------
    str
        One sentence of unescaped plain text; empty without inter-observer scores.
    """
    known = [row for row in rows if row.share is not None and row.name != OTHER_OBSERVERS]
    if not known or not any(row.name == OTHER_OBSERVERS for row in rows):
        return ""
    best = max(known, key=lambda row: row.cells[NSS].mean)
    if best.share is None or best.share <= 0:
        return "By NSS, no map predicts fixations better than the fixations on other pictures do."
    return (
        f"Closest to people: {short_name(best.name)}. Its NSS covers {best.share} % of the "
        "distance between the prediction from other pictures and the inter-observer score."
    )


def short_name(name: str) -> str:
    """Shorten a map maker's name for narrow columns."""
    return _SHORT.get(name, name)


def _row_bar(row: AgreementRow, cell: Interval) -> Bar:
    return Bar(short_name(row.name), cell.mean, cell.low, cell.high, plain=not row.source)


def _title(score: str) -> str:
    return {AUC: "AUC-Judd", BITS: "Information gain"}.get(score, score)


def _row(bar: Bar, start: float, at: Callable[[float], float], lines: str) -> str:
    end = at(bar.value)
    left, width = min(start, end), abs(end - start)
    whisker = ""
    number = _number(bar.value)
    if bar.low is not None and bar.high is not None:
        whisker = f'<i style="left:{at(bar.low):.2f}%;width:{at(bar.high) - at(bar.low):.2f}%"></i>'
        number += f" [{_number(bar.low)}, {_number(bar.high)}]"
    name = html.escape(bar.title)
    faint = ' class="av-plain"' if bar.plain else ""
    return (
        f'<div class="av-bar"><div class="av-row"><span title="{name}">{name}</span>'
        f'<span class="av-num">{number}</span></div><div class="av-track av-against-people">'
        f'<b{faint} style="left:{left:.2f}%;width:{width:.2f}%"></b>{whisker}{lines}</div></div>'
    )


def _number(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "\N{MINUS SIGN}")
