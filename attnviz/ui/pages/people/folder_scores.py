"""All pictures of the folder: the table that the command line makes, as bars and as files."""

from __future__ import annotations

import html
from dataclasses import dataclass, replace

import streamlit as st

from attnviz.agreement.dataset import compare
from attnviz.agreement.rows import AgreementRow, csv_table, rows_of
from attnviz.agreement.table import markdown
from attnviz.metrics.inter_observer import CentreBias
from attnviz.progress import Progress
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.long_work import long_work
from attnviz.ui.kit.text import duration
from attnviz.ui.kit.url_state import start_choice
from attnviz.ui.pages.people.bars import row_bars, rows_verdict
from attnviz.ui.pages.people.folder import OpenedFolder
from attnviz.ui.pages.people.options import ComparisonOptions, contestants, mismatch_notes

_COUNT = "people many"
_SIZES = (10, 25, 50, 100, 200, 500, 1000, 2000, 5000)


@dataclass(frozen=True)
class FolderComparison:
    """A finished comparison: its rows, its page of Markdown, and what could not be scored."""

    rows: list[AgreementRow]
    page: str
    unscored: tuple[str, ...]


def show_comparison(opened: OpenedFolder, asked: ComparisonOptions, seconds: float) -> None:
    """Begin it, watch it, stop it; then its bars and files. seconds: what one picture took."""
    count = _pick_count(len(opened.found.pictures))

    def say() -> str:
        left = f" One took {seconds:.1f} s, so it will be about {duration(count * seconds)}."
        return (
            f"{count:,} pictures, every map against everyone who looked, with 95 % bootstrap "
            f"intervals.{left if seconds > 0 else ''} You can stop it."
        )

    key = (*opened.key, *asked.key, str(count))
    found: FolderComparison | None = long_work(
        "people whole", key, say,
        lambda progress: _compute(opened, asked, count, progress),
        button="Compare all pictures", unit="pictures",
    )  # fmt: skip
    if found is None:
        return
    st.html(f'<p class="av-verdict">{html.escape(rows_verdict(found.rows))}</p>')
    st.html(row_bars(found.rows))
    for sentence in found.unscored:
        st.warning(plain_text(sentence))
    st.caption(f"Mean over {count:,} pictures [95 % bootstrap interval over pictures].")
    with st.container(horizontal=True):
        for title, text, name, kind in (
            ("Table as Markdown", found.page, "people.md", "text/markdown"),
            ("Table as CSV", csv_table(found.rows), "people.csv", "text/csv"),
        ):
            st.download_button(
                title, text, name, kind, on_click="ignore", icon=":material/download:"
            )


def _pick_count(count: int) -> int:
    """How many pictures to compare: all, or fewer, evenly spaced by name."""
    options = [*(str(size) for size in _SIZES if size < count), str(count)]
    if len(options) == 1:
        return count
    start_choice(_COUNT, options, default=options[-1])
    chosen = st.select_slider(
        "Pictures",
        options,
        key=_COUNT,
        persist_state="session",
        help="Fewer are taken evenly spaced by name.",
    )
    return int(str(chosen))


def _compute(
    opened: OpenedFolder, asked: ComparisonOptions, count: int, progress: Progress
) -> FolderComparison:
    photos = opened.found.pictures
    chosen = tuple(photos[n * len(photos) // count] for n in range(count))
    found = replace(
        opened.found, pictures=chosen, notes=(*opened.found.notes, *mismatch_notes(asked))
    )
    others = CentreBias(chosen)
    results = compare(
        found,
        others,
        contestants(asked, others),
        pixels_per_degree=asked.degree,
        progress=progress,
    )
    page = markdown(
        results,
        found,
        data=opened.folder.name,
        pixels_per_degree=asked.degree,
        device=asked.device,
        made_by="the page People of attnviz",
    )
    unscored = tuple(
        f"{name} is not scored on {len(reasons)} pictures. {reasons[0]}"
        for name, reasons in results.unscored.items()
    )
    return FolderComparison(rows_of(results), page, unscored)
