"""Scores over all pictures of the folder, as bars and as files like those of the command line."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from attnviz.export.score_table import TextTable
from attnviz.metrics.inter_observer import CentreBias
from attnviz.people.dataset import compare
from attnviz.people.rows import AgreementRow, csv_table, rows_of
from attnviz.people.table import markdown
from attnviz.pictures.names import file_stem
from attnviz.progress import Progress
from attnviz.ui.kit.findings import show_verdict
from attnviz.ui.kit.long_work import long_work
from attnviz.ui.kit.page_frame import show_notes
from attnviz.ui.kit.save_menu import Savable, save_menu
from attnviz.ui.kit.text import duration
from attnviz.ui.kit.url_state import start_choice
from attnviz.ui.pages.people.bars import row_bars, rows_verdict
from attnviz.ui.pages.people.folder import OpenedFolder
from attnviz.ui.pages.people.options import ComparisonOptions, contestants, mismatch_notes

_COUNT = "people many"
_SIZES = (10, 25, 50, 100, 200, 500, 1000, 2000, 5000)


@dataclass(frozen=True)
class FolderComparison:
    """Rows of a finished comparison, the same as Markdown, and notes on maps without scores."""

    rows: list[AgreementRow]
    page: str
    unscored: tuple[str, ...]


def show_comparison(opened: OpenedFolder, options: ComparisonOptions, seconds: float) -> None:
    """Run the comparison of all pictures when the user starts it, and show its result.

    Parameters
    ----------
    opened : OpenedFolder
        Pictures with fixations.
    options : ComparisonOptions
        Models and methods to compare.
    seconds : float
        Time that one picture took, for an estimate; 0 if unknown.
    """
    count = _pick_count(len(opened.dataset.pictures))

    def describe_cost() -> str:
        estimate = f" One picture took {seconds:.1f} s, all take about {duration(count * seconds)}."
        return (
            f"{count:,} pictures, every map against all viewers, with 95 % bootstrap intervals."
            f"{estimate if seconds > 0 else ''} You can stop it at any time."
        )

    key = (*opened.key, *options.key, str(count))
    result: FolderComparison | None = long_work(
        "people whole", key, describe_cost,
        lambda progress: _compute(opened, options, count, progress),
        button="Compare all pictures", unit="pictures",
    )  # fmt: skip
    if result is None:
        return
    show_verdict(rows_verdict(result.rows))
    st.html(row_bars(result.rows))
    show_notes(result.unscored)
    st.caption(f"Mean over {count:,} pictures [95 % bootstrap interval over pictures].")
    table = TextTable(result.page, csv_table(result.rows))
    stem = f"people-{file_stem(opened.folder.name)}"
    save_menu([Savable(TextTable, lambda: table, stem)], key="people-files")


def _pick_count(count: int) -> int:
    """Let the user compare fewer pictures, evenly spaced by name."""
    options = [*(str(size) for size in _SIZES if size < count), str(count)]
    if len(options) == 1:
        return count
    start_choice(_COUNT, options, default=options[-1])
    chosen = st.select_slider(
        "Pictures",
        options,
        key=_COUNT,
        persist_state="session",
        help="A smaller number takes pictures evenly spaced by name.",
    )
    return int(str(chosen))


def _compute(
    opened: OpenedFolder, options: ComparisonOptions, count: int, progress: Progress
) -> FolderComparison:
    photos = opened.dataset.pictures
    chosen = tuple(photos[n * len(photos) // count] for n in range(count))
    dataset = replace(
        opened.dataset, pictures=chosen, notes=(*opened.dataset.notes, *mismatch_notes(options))
    )
    centre_bias = CentreBias(chosen)
    results = compare(
        dataset,
        centre_bias,
        contestants(options, centre_bias),
        pixels_per_degree=options.degree,
        progress=progress,
    )
    page = markdown(
        results,
        dataset,
        data=opened.folder.name,
        pixels_per_degree=options.degree,
        device=options.device,
        made_by="the page People of attnviz",
    )
    unscored = tuple(
        f"{name} has no score on {len(reasons)} pictures. {reasons[0]}"
        for name, reasons in results.unscored.items()
    )
    return FolderComparison(rows_of(results), page, unscored)
