"""Results as rows with bootstrap intervals, from a comparison or read back from its page."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

import numpy as np

from attnviz.json_lines import json_line
from attnviz.metrics.bootstrap import Interval, bootstrap_interval
from attnviz.people.dataset import OTHER_OBSERVERS, AgreementResults
from attnviz.people.ground_truth import NSS, SCORES

PRIOR = "centre, where people looked in other pictures"
_CELL = re.compile(r"(-?[\d.]+) \[(-?[\d.]+), (-?[\d.]+)\]")


@dataclass(frozen=True)
class AgreementRow:
    """One map maker: mean and interval of each score over the pictures.

    Attributes
    ----------
    name, source : str
        Source is method and layer, or empty.
    cells : dict of str to Interval
        By score.
    share : int or None
        Where its NSS lies between the centre of other pictures (0) and other observers (100), in
        percent.
    """

    name: str
    source: str
    cells: dict[str, Interval]
    share: int | None

    @property
    def title(self) -> str:
        """The name, with its source in brackets."""
        return f"{self.name} ({self.source})" if self.source else self.name


def rows_of(results: AgreementResults) -> list[AgreementRow]:
    """Make a row for each map maker, in order, other observers last."""
    names = [name for name in results.values if name != OTHER_OBSERVERS]
    return [
        AgreementRow(
            name,
            results.sources.get(name, ""),
            {score: bootstrap_interval(values) for score, values in results.values[name].items()},
            _share(results, name),
        )
        for name in [*names, *([OTHER_OBSERVERS] if OTHER_OBSERVERS in results.values else [])]
    ]


def _share(results: AgreementResults, name: str) -> int | None:
    """Position of a map maker's NSS between centre bias and other observers, in percent."""
    ends = [results.values.get(end, {}).get(NSS) for end in (PRIOR, OTHER_OBSERVERS)]
    if not all(ends):
        return None
    low, high = (float(np.mean(values)) for values in ends if values)
    if abs(high - low) < 1e-9:
        return None
    return round(100 * (float(np.mean(results.values[name][NSS])) - low) / (high - low))


def read_rows(page: str) -> list[AgreementRow]:
    """Read the rows of a page from `markdown`; empty if it contains no such table."""
    cells = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in page.splitlines()
        if line.startswith("| ")
    ]
    if not cells or cells[0][0] != "map":
        return []
    head, rows = cells[0], []
    for fields in cells[1:]:
        matches = {score: _CELL.fullmatch(cell) for score, cell in zip(head, fields, strict=False)}
        values = {
            score: Interval(*map(float, match.groups()))
            for score, match in matches.items()
            if match
        }
        if not values:  # chance has no intervals
            continue
        name, _, source = (
            fields[0].rpartition(" (") if fields[0].endswith(")") else (fields[0], "", "")
        )
        share = re.fullmatch(r"(-?\d+) %", fields[-1])
        rows.append(
            AgreementRow(name, source.removesuffix(")"), values, int(share[1]) if share else None)
        )
    return rows


def row_json(row: AgreementRow) -> str:
    """Write a row as one line of JSON, with the mean and interval of each score."""
    scores = {score: cell._asdict() for score, cell in row.cells.items()}
    record = {"map": row.name, "source": row.source, "share": row.share, "scores": scores}
    return json_line(record)


def csv_table(rows: list[AgreementRow]) -> str:
    """Write the rows as comma-separated values: mean, low and high of each score, or empty."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    ends = Interval._fields
    head = [f"{score} {end}" for score in SCORES for end in ends]
    writer.writerow(["map", "method and layer", *head, "percent to people"])
    for row in rows:
        values = [
            f"{getattr(row.cells[score], end):.4f}" if score in row.cells else ""
            for score in SCORES
            for end in ends
        ]
        # A spreadsheet takes a cell that begins with "=" for a formula.
        named = [f"'{text}" if text[:1] in "=+-@" else text for text in (row.name, row.source)]
        writer.writerow([*named, *values, "" if row.share is None else row.share])
    return file.getvalue()
