"""The page "Training": how attention develops while a network learns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import streamlit as st

from attnviz.hosting import Hosting
from attnviz.methods.base import METHODS
from attnviz.pictures.limits import MEGABYTE
from attnviz.pictures.samples import SAMPLE_PREFIX
from attnviz.training.recording.checks import MOST_BYTES
from attnviz.training.recording.growth import (
    narrowest_layer,
    recorded_layers,
    recorded_methods,
)
from attnviz.ui.components.viewer import CLOCK
from attnviz.ui.kit.guard import guarded, plain_text
from attnviz.ui.kit.long_work import interruptible
from attnviz.ui.kit.page_frame import page_frame
from attnviz.ui.kit.pickers import DEFAULT_SAMPLE
from attnviz.ui.kit.url_state import share, start_choice
from attnviz.ui.pages.training.attention_view import (
    RecordedMaps,
    show_maps_over_time,
    with_shared_scale,
)
from attnviz.ui.pages.training.checkpoint_grid import checkpoint_grid, shown_rows
from attnviz.ui.pages.training.live_runs import show_form_of_training, show_live_runs
from attnviz.ui.pages.training.numbers import show_charts
from attnviz.ui.pages.training.open_folder import NEXT_RUN, recorded_runs, show_folder_picker
from attnviz.ui.pages.training.runs import (
    RecordedRun,
    picture_pixels,
    picture_title,
    run_facts,
    same_index,
    shipped_runs,
    uploaded_runs,
)
from attnviz.ui.pages.training.save import offer_files

NOTHING = "nothing"
FIRST_RUN = "ran-small"
FIRST_METHOD = "mask-effect"  # because the mean of a mask often marks the background


def show() -> None:
    """Draw the page."""
    lead = (
        "Attention is learned. Press play and watch the picture come into focus while the network "
        "learns to tell classes apart."
    )
    with page_frame("Training", lead):
        st.html(CLOCK)
        left, right = st.columns(2)
        with left:
            show_form_of_training()
        with right:
            runs = _runs()
        show_live_runs()
        run = _pick_run(runs)
        if run is None:
            st.info("Choose a recording, or upload one of your own.")
            return
        _show_run(run, runs)


def _runs() -> dict[str, RecordedRun]:
    with st.expander("Open your own training"):
        st.markdown(
            'In your PyTorch loop: `with attnviz.record(model, pictures, "run.attn") as r:`, and '
            "`r.step(epoch, accuracy=accuracy)` after each epoch. Then drop the file here."
        )
        files = st.file_uploader(
            "Recordings", type=["attn"], accept_multiple_files=True, key="recordings",
            max_upload_size=Hosting.from_environment().largest_upload(
                math.ceil(MOST_BYTES / MEGABYTE)
            ),
        )  # fmt: skip
        show_folder_picker()
    uploaded = uploaded_runs(files or [])
    known = st.session_state.get("known uploads", ())
    new = [key for key in uploaded if key not in known]
    if new:
        st.session_state[NEXT_RUN] = new[0]  # show a new upload at once
    st.session_state["known uploads"] = tuple(uploaded)
    return uploaded | recorded_runs() | shipped_runs()


def _pick_run(runs: Mapping[str, RecordedRun]) -> RecordedRun | None:
    if not runs:
        return None
    # Uploads come first, then the most instructive of the shipped runs.
    shipped = {key for key, run in runs.items() if run.title == key}
    next_run = st.session_state.pop(NEXT_RUN, None)
    if next_run in runs:
        st.session_state["run"] = next_run
    keys = sorted(runs, key=lambda key: (key in shipped, key != FIRST_RUN))
    return runs[_pick("Training run", "run", keys, {key: runs[key].title for key in keys})]


def _pick(
    title: str, key: str, options: Sequence[str], titles: Mapping[str, str], first: str = ""
) -> str:
    """Show a select box that starts at `first`, if that is an option, or else at the first one."""
    start_choice(key, options, default=first)
    chosen = st.selectbox(
        title,
        options,
        format_func=lambda option: titles.get(option, option),
        key=key,
        persist_state="session",
    )
    return str(chosen)


@interruptible
def _show_run(run: RecordedRun, runs: Mapping[str, RecordedRun]) -> None:
    """One run, and a second one for comparison if chosen."""
    with guarded():
        recording = run.recording
        pictures = {str(n): picture_title(run, n) for n in range(len(recording.pictures))}
        known = [name for name in recorded_methods(recording) if name in METHODS]
        known.sort(key=lambda name: name != FIRST_METHOD)
        methods = {name: METHODS.get(name).title for name in known}
        first_sample = SAMPLE_PREFIX + DEFAULT_SAMPLE
        begins = (n for n, name in enumerate(recording.pictures) if name == first_sample)
        player = st.container()  # above its choices, and so above the fold
        columns = st.columns(4)
        with columns[0]:
            first = str(next(begins, 0))
            picture = int(_pick("Picture", "run picture", list(pictures), pictures, first))
        with columns[1]:
            method = _pick("Method", "run map", list(methods), methods)
        with columns[2]:
            layers = recorded_layers(recording, method)[::-1]
            layer = _pick("Layer", "run layer", layers, {}, narrowest_layer(recording, method))
        others = {NOTHING: "Nothing"} | {
            key: other.title for key, other in runs.items() if key != run.key
        }
        with columns[3]:
            beside = _pick("Compare with", "run beside", list(others), others)
        share("run", "run picture", "run map", "run layer", "run beside")
        shown = [run] if beside == NOTHING else [run, runs[beside]]
        with player:
            grids = _show_viewers(shown, method, picture, layer)
        for column, recorded in zip(st.columns(max(len(grids), 1)), grids, strict=False):
            with column:
                _show_grid(recorded, titled=len(shown) > 1)
        show_charts(shown, method)
        _show_facts(shown)


def _show_viewers(
    runs: Sequence[RecordedRun], method: str, picture: int, layer: str
) -> Sequence[RecordedMaps]:
    """Show a player for each run; returns the maps that are shown."""
    recordings = [_recorded_maps(run, method, picture, runs[0]) for run in runs]
    with_maps = with_shared_scale([item for item in recordings if isinstance(item, RecordedMaps)])
    scaled = iter(with_maps)
    for column, item in zip(st.columns(len(runs)), recordings, strict=True):
        with column:
            if isinstance(item, str):
                st.info(item)
                continue
            recorded = next(scaled)
            chosen = layer if layer in recorded.maps else list(recorded.maps)[-1]
            if len(runs) > 1:
                st.markdown(f"**{plain_text(recorded.run.title)}** · {plain_text(chosen)}")
            show_maps_over_time(f"growth {recorded.run is runs[0]}", recorded, chosen)
            offer_files(recorded, chosen)
    return with_maps


def _recorded_maps(
    run: RecordedRun, method: str, picture: int, first: RecordedRun
) -> RecordedMaps | str:
    """Maps of the first run's picture of this number, or why the run has none."""
    name = first.recording.pictures[picture]
    if name not in run.recording.pictures:
        return f"{plain_text(run.title)} did not record this picture. Choose another picture."
    index = picture if run is first else same_index(first, picture, run)
    if index is None:
        return (
            f"{plain_text(run.title)} did not record this picture, but a different one with the "
            "same name. Choose another picture, or two runs on the same pictures."
        )
    pixels = picture_pixels(run, index)
    if pixels is None:
        return f"{plain_text(run.title)} contains no pictures, only their maps."
    methods = recorded_methods(run.recording)
    return RecordedMaps(run, method if method in methods else methods[0], index, pixels)


def _show_grid(recorded: RecordedMaps, *, titled: bool) -> None:
    title = f": {plain_text(recorded.run.title)}" if titled else ""
    st.markdown(f"##### Maps by epoch and layer{title}")
    names = recorded.run.checkpoints
    rows = shown_rows(len(names))
    key = f"all checkpoints {recorded.run.key}"
    if len(rows) < len(names) and st.toggle(f"All {len(names)} checkpoints", key=key):
        rows = list(range(len(names)))
    height, width = recorded.pixels.shape[:2]
    st.html(checkpoint_grid(recorded.maps, names, rows, width / height, recorded.all_ends))


def _show_facts(runs: Sequence[RecordedRun]) -> None:
    with st.expander("Training details"):
        for run in runs:
            st.markdown(f"**{plain_text(run.title)}**")
            st.table({key: [plain_text(value)] for key, value in run_facts(run.recording).items()})
