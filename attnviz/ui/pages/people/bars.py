"""Scores as bars, with chance and what people reach as lines."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from attnviz.agreement.dataset import OTHER_OBSERVERS
from attnviz.agreement.ground_truth import AUC, BITS, CC, KL, NSS, SCORES, SHUFFLED, SIM
from attnviz.agreement.rows import PRIOR, AgreementRow
from attnviz.agreement.table import CHANCE
from attnviz.metrics.bootstrap import Interval

MEANING = {
    NSS: "Standard deviations by which places people looked at lie above the map's mean.",
    AUC: "How often a place people looked at beats one nobody looked at.",
    SHUFFLED: "The same against places looked at in other pictures: the middle earns nothing.",
    CC: "Correlation with the density of all fixations.",
    SIM: "What map and density have in common, from 0 to 1.",
    KL: "How far people's density is from the map's, in nats: less is nearer.",
    BITS: "Bits per fixation beyond where people look in other pictures.",
}
LEVELS = CHANCE | {BITS: 0.0}  # what knowing nothing (of this picture) gets
_SHORT = {PRIOR: "centre of other pictures", "centre, a Gaussian": "centre, a Gaussian"}


@dataclass(frozen=True)
class Bar:
    """One contestant's value, and its interval where there is more than one picture.

    plain: one that needs no model, drawn paler.
    """

    title: str
    value: float
    low: float | None = None
    high: float | None = None
    plain: bool = False


def score_bars(score: str, bars: Sequence[Bar], people: float | None, note: str = "") -> str:
    """One score of all contestants as HTML, the best on top; titles are escaped.

    people: what other people reach, or None where that says nothing. note: said below.
    """
    chance = LEVELS.get(score)
    ends = [one for bar in bars for one in (bar.value, bar.low, bar.high)]
    known = [one for one in (*ends, people, chance) if one is not None]
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
        told = "other pictures" if score == BITS else "chance"
        keys.append(f'<span><u class="av-chance"></u>{told} {chance:g}</span>')
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
    """All scores of a whole folder, with intervals."""
    ceiling = {
        score: one
        for row in rows
        if row.name == OTHER_OBSERVERS
        for score, one in row.cells.items()
    }
    others = [row for row in rows if row.name != OTHER_OBSERVERS]
    parts = []
    for score in SCORES:
        bars = [_row_bar(row, row.cells[score]) for row in others if score in row.cells]
        if bars:
            people = ceiling[score].mean if score in ceiling else None
            fitted = "Each map is made a density on the other half of the pictures first."
            parts.append(score_bars(score, bars, people, fitted if score in (KL, BITS) else ""))
    return f'<div class="av-scores">{"".join(parts)}</div>'


def rows_verdict(rows: Sequence[AgreementRow]) -> str:
    """The nearest contestant and how far it comes, in a sentence; empty where that is not known."""
    known = [row for row in rows if row.share is not None and row.name != OTHER_OBSERVERS]
    if not known or not any(row.name == OTHER_OBSERVERS for row in rows):
        return ""
    best = max(known, key=lambda row: row.cells[NSS].mean)
    if best.share is None or best.share <= 0:
        return "By NSS, nothing comes nearer to people than where they look in other pictures."
    return (
        f"Nearest to people is {short_name(best.name)}: its NSS goes {best.share} % of the way "
        "from where people look in other pictures to what other people reach."
    )


def short_name(name: str) -> str:
    """A contestant's name for a narrow place."""
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
