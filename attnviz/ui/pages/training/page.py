"""The page "Training": attention comes into focus as a network learns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import streamlit as st

from attnviz.methods.base import METHODS
from attnviz.pictures.limits import MEGABYTE
from attnviz.training.recording.checks import MOST_BYTES
from attnviz.training.recording.growth import (
    narrowest_layer,
    recorded_layers,
    recorded_methods,
)
from attnviz.ui.components.viewer import CLOCK
from attnviz.ui.kit.guard import guarded, plain_text
from attnviz.ui.kit.page_frame import page_frame
from attnviz.ui.kit.pickers import DEFAULT_SAMPLE
from attnviz.ui.kit.url_state import share, start_choice
from attnviz.ui.pages.training.attention_view import (
    RecordedMaps,
    show_maps_over_time,
    with_shared_scale,
)
from attnviz.ui.pages.training.grid import checkpoint_grid, shown_rows
from attnviz.ui.pages.training.live_runs import show_live_runs
from attnviz.ui.pages.training.numbers import show_charts
from attnviz.ui.pages.training.open_folder import NEXT_RUN, recorded_runs, show_folder_picker
from attnviz.ui.pages.training.runs import (
    SAMPLE,
    RecordedRun,
    picture_pixels,
    picture_title,
    run_facts,
    same_index,
    shipped_runs,
    uploaded_runs,
)
from attnviz.ui.pages.training.save import offer_time_lapse

NOTHING = "nothing"
FIRST_RUN = "ran-small"
FIRST_METHOD = "mask-effect"  # of masks: the mean of a mask often marks the background


def show() -> None:
    """The whole page, from top to bottom."""
    lead = (
        "Attention is learned. Press play, and watch the picture come into focus as the network "
        "learns to tell classes apart."
    )
    with page_frame("Training", lead):
        st.html(CLOCK)
        show_live_runs()
        runs = _runs()
        run = _pick_run(runs)
        if run is None:
            st.info("Choose a recording, or upload one of your own training.")
            return
        _show_run(run, runs)


def _runs() -> dict[str, RecordedRun]:
    with st.expander("Open a training of your own"):
        st.markdown(
            'In your own PyTorch loop: `with attnviz.record(model, pictures, "run.attn") as r:` '
            "and once an epoch `r.step(epoch, accuracy=accuracy)`. Then drop the file here."
        )
        files = st.file_uploader(
            "Recordings", type=["attn"], accept_multiple_files=True, key="recordings",
            max_upload_size=math.ceil(MOST_BYTES / MEGABYTE),
        )  # fmt: skip
        show_folder_picker()
    uploaded = uploaded_runs(files or [])
    known = st.session_state.get("known uploads", ())
    fresh = [key for key in uploaded if key not in known]
    if fresh:
        st.session_state[NEXT_RUN] = fresh[0]  # whoever brings a recording wants to see it
    st.session_state["known uploads"] = tuple(uploaded)
    return uploaded | recorded_runs() | shipped_runs()


def _pick_run(runs: Mapping[str, RecordedRun]) -> RecordedRun | None:
    if not runs:
        return None
    # What was uploaded comes first; of those that ship, the one that shows most.
    shipped = {key for key, run in runs.items() if run.title == key}
    turn = st.session_state.pop(NEXT_RUN, None)
    if turn in runs:
        st.session_state["run"] = turn
    keys = sorted(runs, key=lambda key: (key in shipped, key != FIRST_RUN))
    return runs[_pick("Training run", "run", keys, {key: runs[key].title for key in keys})]


def _pick(
    title: str, key: str, options: Sequence[str], titles: Mapping[str, str], first: str = ""
) -> str:
    """Show a box of options, at first with `first`, or the first of them if that is none."""
    start_choice(key, options, default=first)
    chosen = st.selectbox(
        title,
        options,
        format_func=lambda option: titles.get(option, option),
        key=key,
        persist_state="session",
    )
    return str(chosen)


@st.fragment
def _show_run(run: RecordedRun, runs: Mapping[str, RecordedRun]) -> None:
    """One run, and another beside it where one was chosen."""
    with guarded():
        recording = run.recording
        pictures = {str(n): picture_title(run, n) for n in range(len(recording.pictures))}
        known = [name for name in recorded_methods(recording) if name in METHODS]
        known.sort(key=lambda name: name != FIRST_METHOD)
        methods = {name: METHODS.get(name).title for name in known}
        begins = (n for n, name in enumerate(recording.pictures) if name == SAMPLE + DEFAULT_SAMPLE)
        columns = st.columns(4)
        with columns[0]:
            first = str(next(begins, 0))
            picture = int(_pick("Picture", "run picture", list(pictures), pictures, first))
        with columns[1]:
            method = _pick("What is shown", "run map", list(methods), methods)
        with columns[2]:
            layers = recorded_layers(recording, method)[::-1]
            layer = _pick("Layer", "run layer", layers, {}, narrowest_layer(recording, method))
        others = {NOTHING: "Nothing"} | {
            key: one.title for key, one in runs.items() if key != run.key
        }
        with columns[3]:
            beside = _pick("Beside it", "run beside", list(others), others)
        share("run", "run picture", "run map", "run layer", "run beside")
        shown = [run] if beside == NOTHING else [run, runs[beside]]
        _show_viewers(shown, method, picture, layer)
        show_charts(shown, method)
        _show_facts(shown)


def _show_viewers(runs: Sequence[RecordedRun], method: str, picture: int, layer: str) -> None:
    watched = [_recorded_maps(run, method, picture, runs[0]) for run in runs]
    seen = iter(with_shared_scale([one for one in watched if not isinstance(one, str)]))
    watched = [one if isinstance(one, str) else next(seen) for one in watched]
    for column, one in zip(st.columns(len(runs)), watched, strict=True):
        with column:
            if isinstance(one, str):
                st.info(one)
                continue
            chosen = layer if layer in one.maps else list(one.maps)[-1]
            if len(runs) > 1:
                st.markdown(f"**{plain_text(one.run.title)}** · {plain_text(chosen)}")
            show_maps_over_time(f"growth {one.run is runs[0]}", one, chosen)
            offer_time_lapse(one, chosen)
    whole = [one for one in watched if not isinstance(one, str)]
    for column, one in zip(st.columns(max(len(whole), 1)), whole, strict=False):
        with column:
            _show_grid(one, titled=len(runs) > 1)


def _recorded_maps(
    run: RecordedRun, method: str, picture: int, first: RecordedRun
) -> RecordedMaps | str:
    """What to show of a run, or why it cannot be; the picture is the first run's of that number."""
    name = first.recording.pictures[picture]
    if name not in run.recording.pictures:
        return f"{plain_text(run.title)} did not record this picture. Choose another."
    index = picture if run is first else same_index(first, picture, run)
    if index is None:
        return (
            f"{plain_text(run.title)} did not record this picture, but another one of the same "
            "name. Choose another, or two runs on the same pictures."
        )
    pixels = picture_pixels(run, index)
    if pixels is None:
        return f"{plain_text(run.title)} does not hold its pictures, only their maps."
    methods = recorded_methods(run.recording)
    return RecordedMaps(run, method if method in methods else methods[0], index, pixels)


def _show_grid(watched: RecordedMaps, *, titled: bool) -> None:
    title = f": {plain_text(watched.run.title)}" if titled else ""
    st.markdown(f"##### Layer by layer, epoch by epoch{title}")
    names = watched.run.checkpoints
    rows = shown_rows(len(names))
    key = f"all checkpoints {watched.run.key}"
    if len(rows) < len(names) and st.toggle(f"All {len(names)} checkpoints", key=key):
        rows = list(range(len(names)))
    height, width = watched.pixels.shape[:2]
    st.html(checkpoint_grid(watched.maps, names, rows, width / height, watched.all_ends))


def _show_facts(runs: Sequence[RecordedRun]) -> None:
    with st.expander("What was trained, and how"):
        for run in runs:
            st.markdown(f"**{plain_text(run.title)}**")
            st.table({key: [plain_text(value)] for key, value in run_facts(run.recording).items()})
