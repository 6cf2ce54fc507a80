"""The comparison as a page of Markdown."""

from __future__ import annotations

import datetime
import os
import platform

import numpy as np

from attnviz.people.run import AUC, NSS, PEOPLE, SCORES, SHUFFLED, Results
from attnviz.pictures.names import visible
from attnviz.vision.fixations import FixationSet
from attnviz.vision.intervals import bootstrap

CHANCE = {NSS: "0", AUC: "0.5", SHUFFLED: "0.5", "CC": "0"}
PRIOR = "centre, where people looked in other pictures"
MEANING = """\
- **NSS**: how many standard deviations of the map its value lies above its mean where people
  looked.
- **AUC**: how often a place that people looked at has a higher value than one nobody looked at;
  equal values count half.
- **shuffled AUC**: the same against places where people looked in other pictures. To know that
  people look at the middle is worth nothing here.
- **CC**: correlation with the density of all fixations, each blurred by one degree.
- **bits over centre**: what the map adds, per fixation, to knowing where people look in other
  pictures. Each map is first fitted to fixations on the other half of the pictures, so that only
  the order of its values counts.
- **to people**: where the NSS lies between the centre of other pictures (0 %) and other people
  (100 %).

People predict each other: each viewer is scored by the density of all others. A classifier's
attention is no model of the eye, and looking freely is not naming a class; the table says how near
they come all the same.
"""


def markdown(
    results: Results, found: FixationSet, *, data: str, pixels_per_degree: float, device: str
) -> str:
    """The whole page: what was measured, where and when, and a row for each contestant.

    data: what the set of pictures is called; device: such as cpu.
    """
    fixations = sum(len(viewer.x) for photo in found.photos for viewer in photo.viewers)
    notes = [f"- {note}" for note in found.notes]
    notes += [
        f"- {name} is not scored on {len(reasons)} pictures. {reasons[0]}"
        for name, reasons in results.unscored.items()
    ]
    measured = (
        f"{len(found.photos)} pictures of {visible(data)}, {fixations:,} "
        f"fixations, {pixels_per_degree:g} pixels to a degree. Mean over pictures [95 % bootstrap "
        f"interval]. Made by `python -m attnviz agreement` on {machine(device)}, "
        f"{datetime.date.today()}."
    )
    title = "# Do models look where people look?"
    lines = [title, "", measured, "", *_rows(results), "", MEANING, *notes]
    return "\n".join(lines).rstrip() + "\n"


def machine(device: str) -> str:
    """Such as "CPU, 2 cores, x86_64"."""
    return f"{device.upper()}, {os.cpu_count()} cores, {platform.machine()}"


def _rows(results: Results) -> list[str]:
    rows = [f"| map | {' | '.join(SCORES)} | to people |", "|---" * (len(SCORES) + 2) + "|"]
    rows.append(f"| chance | {' | '.join(CHANCE.get(score, '') for score in SCORES)} | |")
    names = [name for name in results.values if name != PEOPLE]
    for name in [*names, *([PEOPLE] if PEOPLE in results.values else [])]:
        source = results.sources.get(name, "")
        shown = f"{name} ({source})" if source else name
        cells = [_cell(results.values[name].get(score, [])) for score in SCORES]
        rows.append(f"| {shown} | {' | '.join(cells)} | {_share(results, name)} |")
    return rows


def _cell(values: list[float]) -> str:
    if not values:
        return ""
    mean, low, high = bootstrap(values)
    return f"{mean:.3f} [{low:.3f}, {high:.3f}]"


def _share(results: Results, name: str) -> str:
    """How far from other pictures' centre to other people a contestant's NSS comes."""
    ends = [results.values.get(end, {}).get(NSS) for end in (PRIOR, PEOPLE)]
    if not all(ends):
        return ""
    low, high = (float(np.mean(one)) for one in ends if one)
    return f"{round(100 * (float(np.mean(results.values[name][NSS])) - low) / (high - low))} %"
