"""Cells of the grid: the maps of one picture, one network, and one question or method."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import streamlit as st

from attnviz.analysis.explain import explain
from attnviz.analysis.explanation import Explanation
from attnviz.errors import AttnvizError
from attnviz.methods.base import Nature
from attnviz.methods.fuse import FUSED
from attnviz.methods.questions import is_slow
from attnviz.models.spec import ModelSpec
from attnviz.progress import Progress
from attnviz.targets.text import format_targets
from attnviz.ui.kit.look_server import asked_of_server
from attnviz.ui.kit.model_cache import cached_model, fetch_weights, weights_key
from attnviz.ui.kit.pickers import Photo
from attnviz.ui.kit.shared import CacheShelf, shared
from attnviz.ui.pages.compare.fitting import choice_for, depends_on, reason_unfit, targets_for


@dataclass(frozen=True, eq=False)
class GridRequest:
    """What the grid shows.

    Attributes
    ----------
    photos
        Pictures by their keys; the outer rows.
    specs
        Models; the inner rows.
    looks
        Questions and methods; the columns.
    target
        What relevance explains, as text; empty: each model's top prediction.
    device
        Where the models run.
    link
        What a link carries of these choices.
    """

    photos: dict[str, Photo]
    specs: tuple[ModelSpec, ...]
    looks: tuple[str, ...]
    target: str
    device: str
    link: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, ...]:
        """Cache key. It includes pictures' names, which are private to their session."""
        photos = [part for one in self.photos.values() for part in (one.shown.sha256, one.title)]
        models = [spec.name for spec in self.specs]
        return (*photos, "|", *models, "|", *self.looks, "|", self.target, self.device)

    @property
    def slow(self) -> bool:
        """Whether a map takes many passes."""
        seen_into = all(spec.observable for spec in self.specs)
        return not seen_into or any(is_slow(look) for look in self.looks)


@dataclass(frozen=True, eq=False)
class Cell:
    """A cell of the grid: its maps, or the reason why it has none.

    Attributes
    ----------
    key : str
        Identifies the cell in a link.
    photo : Photo
        The picture.
    spec : ModelSpec
        The network.
    look : str
        Name of a question or a method.
    explanation : Explanation, optional
        The maps; None if there are none.
    sentence : str
        Why there are no maps.
    failed : bool
        Whether a retry may succeed.
    """

    key: str
    photo: Photo
    spec: ModelSpec
    look: str
    explanation: Explanation | None = None
    sentence: str = ""
    failed: bool = False

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers in forward order, then the fused map if it is the best map."""
        found = self.explanation
        if found is None:
            return ()
        return (*found.layers, FUSED) if found.best_layer == FUSED else found.layers

    @property
    def depth(self) -> int:
        """Number of layers, without the fused map."""
        return len(self.explanation.layers) if self.explanation else 0

    @property
    def nature(self) -> Nature:
        """Attention or relevance."""
        found = self.explanation  # another method may have stepped in
        choice = found.choice if found else choice_for(self.spec, self.look)
        return choice.method.nature

    @property
    def what(self) -> str:
        """Attention, or relevance with its class."""
        found = self.explanation
        if found is None:
            return str(self.nature).capitalize()
        return f"{found.title}{', a guess' if found.guessed else ''}"


def cell_key(photo: str, spec: ModelSpec, look: str) -> str:
    """Make the key of a cell."""
    return f"{photo}/{spec.name}/{look}"


def compute_cells(request: GridRequest, progress: Progress) -> tuple[Cell, ...]:
    """Compute all cells; each network is loaded only once.

    Parameters
    ----------
    request : GridRequest
        Pictures, networks, and questions or methods.
    progress : Progress
        Called before each cell. Exceptions that it raises are not caught.

    Returns
    -------
    tuple of Cell
        Sorted by picture, then network, then question. A cell whose network or map fails has a
        sentence instead of maps.
    """
    line = st.empty()
    found: dict[str, Cell] = {}
    total = len(request.photos) * len(request.specs) * len(request.looks)
    for spec in request.specs:
        runs = any(not reason_unfit(spec, look, request.target) for look in request.looks)
        trouble = _fetched(spec, line.info) if runs else ""
        line.empty()
        for photo_key, photo in request.photos.items():
            for look in request.looks:
                progress(len(found), total)
                key = cell_key(photo_key, spec, look)
                sentence = reason_unfit(spec, look, request.target)
                if sentence or trouble:
                    failed = not sentence
                    found[key] = Cell(key, photo, spec, look, None, sentence or trouble, failed)
                    continue
                found[key] = _cell(key, photo, spec, look, request)
    order = [
        cell_key(photo, spec, look)
        for photo in request.photos
        for spec in request.specs
        for look in request.looks
    ]
    return tuple(found[key] for key in order)


def _fetched(spec: ModelSpec, say: Callable[[str], object]) -> str:
    """Download the weights if they are missing; returns why they cannot be had, or nothing."""

    def show(done: int, total: int | None) -> None:
        of = f" of {total / 1e6:.0f} MB" if total else " MB"
        say(f"Downloading {spec.name}: {done / 1e6:.0f}{of}")

    try:
        fetch_weights(spec, show)
    except AttnvizError as error:
        return str(error)
    return ""


def _heed_clicks(done: int, total: int | None) -> None:
    """Let a click on the page raise between two passes of one map.

    Nothing is drawn: Streamlit would repeat the drawing of a cached function on other pages.
    """
    del done, total
    st.session_state.get("picture")  # raises if the user has clicked


def _cell(key: str, photo: Photo, spec: ModelSpec, look: str, request: GridRequest) -> Cell:
    asked = targets_for(spec, request.target)
    if not depends_on(look, spec, asked):
        asked = ()

    def work() -> Explanation:
        model = cached_model(spec.name, request.device, None, weights_key(spec), spec)
        found = asked_of_server(model, photo.shown, look, asked)
        return found or explain(model, photo.shown, look, asked or None, _heed_clicks)

    whole = (photo.shown.sha256, photo.shown.name, spec.name, weights_key(spec))
    names = (*whole, request.device, look, format_targets(asked))
    try:
        return Cell(key, photo, spec, look, _looked(names, work))
    except AttnvizError as error:
        return Cell(key, photo, spec, look, None, str(error), failed=True)


@shared(CacheShelf.EXPLANATIONS)
def _looked(key: tuple[str, ...], _work: Callable[[], Explanation]) -> Explanation:
    """Cached separately from the networks, of which only two stay in memory."""
    del key
    return _work()


def default_pair(cells: Sequence[Cell]) -> tuple[str, str]:
    """Choose two cells to compare, of the same question if possible; empty keys if none fit."""
    filled = [cell for cell in cells if cell.explanation]
    for cell in filled:
        for other in filled:
            if other is not cell and other.look == cell.look:
                return cell.key, other.key
    keys = [cell.key for cell in filled] + ["", ""]
    return keys[0], keys[1]
