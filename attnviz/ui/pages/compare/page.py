"""The page "Compare": models x methods side by side, on one scale, and where two maps differ."""

from __future__ import annotations

from functools import partial

import streamlit as st

from attnviz.export.picture_grid import PictureGrid
from attnviz.export.several import SeveralSources
from attnviz.pictures.names import file_stem
from attnviz.ui.components.map_grid.component import Packed, reported_view, show_grid, show_pair
from attnviz.ui.components.map_grid.view import PREFIX, GridView
from attnviz.ui.kit.guard import guarded, plain_text
from attnviz.ui.kit.long_work import interruptible, long_work
from attnviz.ui.kit.page_frame import page_frame, show_notes
from attnviz.ui.kit.rerun import run_again
from attnviz.ui.kit.save_menu import Savable, save_menu
from attnviz.ui.kit.shared import CacheShelf, shared
from attnviz.ui.kit.url_state import linked, returns, share, went_back
from attnviz.ui.pages.compare.cells import Cell, GridRequest, compute_cells, default_pair
from attnviz.ui.pages.compare.packing import pack_grid, pack_pair
from attnviz.ui.pages.compare.pairing import compare_cells
from attnviz.ui.pages.compare.picking import TARGET, pick_grid
from attnviz.ui.pages.compare.save import picture_grid, report_sources
from attnviz.ui.pages.compare.scales import stop_count

GRID, PAIR = "compare grid", "compare pair"
_TRIES = "compare tries"
_VIEW = "compare view"


def show() -> None:
    """Draw the page."""
    lead = "The same picture, seen by several models: where they agree, and where they differ."
    with page_frame("Compare", lead):
        request = pick_grid()
        if request is None:
            st.info("Choose a picture, a model and something to show, and the grid appears.")
            return
        _show_found(request)


@interruptible
def _show_found(request: GridRequest) -> None:
    """Show the grid; its controls rerun only this fragment."""
    with guarded():
        tries = str(st.session_state.get(_TRIES, 0))
        cells = long_work(
            "compare",
            (*request.key, tries),
            partial(_cost, request),
            partial(compute_cells, request),
            unit="maps",
            at_once=not request.slow,
        )
        if cells is None:
            return
        _offer_retry(cells)
        view = _show_grid(request, cells)
        _show_below(request, cells, view)


def _cost(request: GridRequest) -> str:
    count = len(request.photos) * len(request.specs) * len(request.looks)
    many = " Some of the methods need many passes." if request.slow else ""
    return f"{count} maps of {len(request.specs)} models.{many} Finished maps are kept."


def _offer_retry(cells: tuple[Cell, ...]) -> None:
    if any(cell.failed for cell in cells) and st.button(
        "Retry failed maps", icon=":material/refresh:"
    ):
        st.session_state[_TRIES] = st.session_state.get(_TRIES, 0) + 1
        run_again()


def _show_grid(request: GridRequest, cells: tuple[Cell, ...]) -> GridView:
    keys = tuple(cell.key for cell in cells if cell.explanation)
    view = _current_view() if went_back() else reported_view(GRID, _current_view())
    view = view.fitting(keys, default_pair(cells))
    packed = _packed((*request.key, *_made(cells)), request, cells)
    view = show_grid(packed, key=GRID, view=view, origin=_origin(request, keys))
    view = view.fitting(keys, default_pair(cells))
    st.session_state[_VIEW] = view
    share("picture", TARGET, **request.link, **view.to_query())
    if view.a and view.b:
        show_pair(_packed_pair((str(packed.header["id"]), view.a, view.b), cells), key=PAIR)
    return view


@shared(CacheShelf.PAYLOADS)
def _packed(key: tuple[str, ...], _request: GridRequest, _cells: tuple[Cell, ...]) -> Packed:
    """Pack a grid for the browser."""
    del key
    return pack_grid(_cells, _request.looks)


@shared(CacheShelf.PAYLOADS)
def _packed_pair(key: tuple[str, str, str], _cells: tuple[Cell, ...]) -> bytes:
    """Pack two compared cells; the key has the grid's id, and the keys of the cells."""
    grid, *chosen = key
    by_key = {cell.key: cell for cell in _cells}
    a, b = (by_key[one] for one in chosen)
    return pack_pair(compare_cells(a, b, stop_count(_cells)), grid)


def _made(cells: tuple[Cell, ...]) -> tuple[str, ...]:
    """Cache key of the cells' maps, with the weights that made them."""
    return tuple(
        cell.explanation.provenance["weights sha256"] if cell.explanation else cell.sentence
        for cell in cells
    )


def _origin(request: GridRequest, keys: tuple[str, ...]) -> str:
    return "|".join(map(str, (request.key, keys, returns())))


def _current_view() -> GridView:
    """The grid's controls as last used in this session, or else those of the link."""
    if _VIEW not in st.session_state or went_back():
        names = [name.removeprefix(PREFIX) for name in GridView().to_query()]
        link = {name: linked(PREFIX + name) for name in names}
        st.session_state[_VIEW] = GridView.from_untrusted(link)
    view: GridView = st.session_state[_VIEW]
    return view


def _show_below(request: GridRequest, cells: tuple[Cell, ...], view: GridView) -> None:
    notes = (note for cell in cells if cell.explanation for note in cell.explanation.notes)
    show_notes(list(dict.fromkeys(notes)))
    if any(cell.explanation for cell in cells):
        first, *others = (file_stem(photo.title) for photo in request.photos.values())
        more = f"-and-{len(others)}-more" if others else ""
        stem = f"{first}{more}"
        grid = Savable(PictureGrid, lambda: picture_grid(cells, request.looks, view), stem)
        report = Savable(SeveralSources, lambda: report_sources(cells, view), stem)
        save_menu([grid, report], key="compare-files")
    for credit in dict.fromkeys(photo.credit for photo in request.photos.values() if photo.credit):
        st.caption(plain_text(credit))
