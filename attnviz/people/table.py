"""The comparison as a page of Markdown."""

from __future__ import annotations

import datetime
import os
import platform

from attnviz.metrics.fixations import FixationSet
from attnviz.people.dataset import AgreementResults
from attnviz.people.ground_truth import AUC, CC, NSS, SCORES, SHUFFLED
from attnviz.people.rows import AgreementRow, rows_of
from attnviz.pictures.names import visible

CHANCE = {NSS: 0.0, AUC: 0.5, SHUFFLED: 0.5, CC: 0.0}
COMMAND = "`python -m attnviz agreement`"
MEANING = """\
- **NSS**: how many standard deviations of the map its value lies above its mean where people
  looked.
- **AUC**: how often a place that people looked at has a higher value than one nobody looked at;
  equal values count half.
- **shuffled AUC**: the same against places where people looked in other pictures. To know that
  people look at the middle is worth nothing here.
- **CC**: correlation with the density of all fixations, each blurred by one degree.
- **SIM**: what map and density have in common, 0 to 1, both made to sum to 1; the map from its
  lowest value on.
- **KL**: how far the density of fixations is from the map's, in nats; 0 if they are equal.
- **bits over centre**: what the map adds, per fixation, to knowing where people look in other
  pictures (information gain). For KL and this, which ask for a density, each map is first fitted to
  fixations on the other half of the pictures, so that only the order of its values counts.
- **to people**: where the NSS lies between the centre of other pictures (0 %) and other people
  (100 %).

People predict each other: each observer is scored by the density of all others. A classifier's
attention is no model of the eye, and free viewing is not naming a class; the table shows how near
they come nevertheless.
"""


def markdown(
    results: AgreementResults,
    fixations: FixationSet,
    *,
    data: str,
    pixels_per_degree: float,
    device: str,
    made_by: str = COMMAND,
) -> str:
    """Write the page: what was measured, where and when, and a row for each map maker.

    Parameters
    ----------
    results : AgreementResults
    found : FixationSet
    data : str
        Name of the data set.
    pixels_per_degree : float
    device : str
        Such as "cpu".
    made_by : str
        The command or page that made it.

    Returns
    -------
    str
    """
    count = sum(len(observer.x) for picture in fixations.pictures for observer in picture.observers)
    notes = [f"- {note}" for note in fixations.notes]
    notes += [
        f"- {name} is not scored on {len(reasons)} pictures. {reasons[0]}"
        for name, reasons in results.unscored.items()
    ]
    measured = (
        f"{len(fixations.pictures)} pictures of {visible(data)}, {count:,} "
        f"fixations, {pixels_per_degree:g} pixels to a degree. Mean over pictures [95 % bootstrap "
        f"interval]. Made by {made_by} on {machine(device)}, "
        f"{datetime.date.today()}."
    )
    title = "# Do models look where people look?"
    lines = [title, "", measured, "", *_lines(rows_of(results)), "", MEANING, *notes]
    return "\n".join(lines).rstrip() + "\n"


def machine(device: str) -> str:
    """Describe the machine, such as "CPU, 2 cores, x86_64"."""
    return f"{device.upper()}, {os.cpu_count()} cores, {platform.machine()}"


def _lines(rows: list[AgreementRow]) -> list[str]:
    lines = [f"| map | {' | '.join(SCORES)} | to people |", "|---" * (len(SCORES) + 2) + "|"]
    levels = (f"{CHANCE[score]:g}" if score in CHANCE else "" for score in SCORES)
    lines.append(f"| chance | {' | '.join(levels)} | |")
    for row in rows:
        cells = (
            f"{interval.mean:.3f} [{interval.low:.3f}, {interval.high:.3f}]" if interval else ""
            for interval in map(row.cells.get, SCORES)
        )
        title = row.title.replace("|", "/")
        share = "" if row.share is None else f"{row.share} %"
        lines.append(f"| {title} | {' | '.join(cells)} | {share} |")
    return lines
