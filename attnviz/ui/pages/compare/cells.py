"""The grid's cells: one picture seen by one network, asked one thing."""

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
from attnviz.ui.kit.cache import cached_model, fetch_weights
from attnviz.ui.kit.pickers import Photo
from attnviz.ui.pages.compare.fitting import choice_for, reason_unfit


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
        Class that relevance explains; empty: each model's top prediction.
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
        """For caches. A picture's name counts: another session's name is private."""
        photos = [part for one in self.photos.values() for part in (one.shown.sha256, one.title)]
        models = [spec.name for spec in self.specs]
        return (*photos, "|", *models, "|", *self.looks, "|", self.target, self.device)

    @property
    def slow(self) -> bool:
        """Whether a map takes many passes."""
        return any(is_slow(look) for look in self.looks)


@dataclass(frozen=True, eq=False)
class Cell:
    """A place of the grid: its maps, or a sentence that says why there are none.

    Attributes
    ----------
    key
        Names it in a link.
    failed
        Whether trying once more may help.
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
        """Names of the layers that can be shown, in forward order; all of them fused comes last,
        and only where that map is the best answer.
        """
        found = self.explanation
        if found is None:
            return ()
        return (*found.layers, FUSED) if found.best_layer == FUSED else found.layers

    @property
    def depth(self) -> int:
        """How many layers are stepped through."""
        return len(self.explanation.layers) if self.explanation else 0

    @property
    def nature(self) -> Nature:
        """Attention or relevance."""
        return choice_for(self.spec, self.look).method.nature

    @property
    def what(self) -> str:
        """Attention, or relevance and for which class."""
        target = self.explanation.target if self.explanation else None
        if self.nature is Nature.ATTENTION or target is None:
            return "Attention" if self.nature is Nature.ATTENTION else "Relevance"
        return f"Relevance for {target.label}"


def cell_key(photo: str, spec: ModelSpec, look: str) -> str:
    """The name of a cell."""
    return f"{photo}/{spec.name}/{look}"


def compute_cells(request: GridRequest, progress: Progress) -> tuple[Cell, ...]:
    """All cells, pictures outermost, then networks, then questions; each network is loaded once.

    A network or a map that fails leaves its sentence; what `progress` raises comes out.
    """
    line = st.empty()
    found: dict[str, Cell] = {}
    total = len(request.photos) * len(request.specs) * len(request.looks)
    for spec in request.specs:
        asked = any(not reason_unfit(spec, look, request.target) for look in request.looks)
        trouble = _fetched(spec, line.info) if asked else ""
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
    """Have the weights on this machine; the sentence that says why they are not."""

    def show(done: int, total: int | None) -> None:
        of = f" of {total / 1e6:.0f} MB" if total else " MB"
        say(f"Downloading {spec.name}: {done / 1e6:.0f}{of}")

    try:
        fetch_weights(spec.name, show)
    except AttnvizError as error:
        return str(error)
    return ""


def _heed_clicks(done: int, total: int | None) -> None:
    """Between two passes of one map: a click on the page raises here.

    Nothing is drawn, for a cached function that drew would draw in the places of another page.
    """
    del done, total
    st.session_state.get("picture")  # whoever asks for the state is told to stop


def _cell(key: str, photo: Photo, spec: ModelSpec, look: str, request: GridRequest) -> Cell:
    relevance = choice_for(spec, look).method.nature is Nature.RELEVANCE
    target = (request.target or None) if relevance else None

    def work() -> Explanation:
        model = cached_model(spec.name, request.device, None)
        return explain(model, photo.shown, look, target, _heed_clicks)

    names = (photo.shown.sha256, photo.shown.name, spec.name, request.device, look, target or "")
    try:
        return Cell(key, photo, spec, look, _looked(names, work))
    except AttnvizError as error:
        return Cell(key, photo, spec, look, None, str(error), failed=True)


@st.cache_resource(max_entries=128, ttl="2h", show_spinner=False)
def _looked(key: tuple[str, ...], _work: Callable[[], Explanation]) -> Explanation:
    """Kept apart from the networks, of which only two stay in memory."""
    del key
    return _work()


def default_pair(cells: Sequence[Cell]) -> tuple[str, str]:
    """Two cells to begin with: of one question if two networks answered it; empty names if none."""
    filled = [cell for cell in cells if cell.explanation]
    for cell in filled:
        for other in filled:
            if other is not cell and other.look == cell.look:
                return cell.key, other.key
    keys = [cell.key for cell in filled] + ["", ""]
    return keys[0], keys[1]
