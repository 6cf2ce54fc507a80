"""Results of a real run over ten small pictures, and the page "Dataset" on them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

import attnviz
from attnviz.analysis.explain_together import Asked
from attnviz.batch.parts import ResultFolder
from attnviz.batch.picture_file import PictureFile
from attnviz.batch.run import BatchRun
from attnviz.viewer.blob import unpack_blob
from tests.paths import PAGES

PAGE = PAGES / "11_Dataset.py"
MODEL = "ran-cifar"
BROKEN = 4


def tiny_set(folder: Path, model: str = MODEL, method: str = "attention") -> ResultFolder:
    """Ten pictures in two folders, of which the fifth is none; the pictures are made once."""
    files = []
    random = np.random.default_rng(3)
    for index in range(10):
        path = folder / "photos" / ("even" if index % 2 == 0 else "odd") / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 255, (40, 40 + 8 * (index % 3), 3), np.uint8)
        if index == BROKEN:
            path.write_bytes(b"no picture")
        else:
            Image.fromarray(pixels).save(path)
        files.append(PictureFile(str(path), group=path.parent.name))
    loaded = attnviz.load_model(model, "cpu")
    return BatchRun(loaded, files, Asked(method))(folder / f"results {model} {method}")


def open_page(*folders: ResultFolder, **session: Any) -> AppTest:
    page = AppTest.from_file(str(PAGE), default_timeout=300)
    page.session_state["set folders"] = [str(one.path) for one in folders]
    for key, value in session.items():
        page.session_state[key.replace("_", " ")] = value
    return page.run()


def assert_fine(page: AppTest) -> None:
    assert not page.exception
    assert not page.error


def table(page: AppTest, key: str = "set table") -> dict[str, Any]:
    """What a table was sent."""
    header: dict[str, Any] = unpack_blob(_component(page, key).proto.bytes)[0]
    return header


def cells(page: AppTest, title: str) -> list[str]:
    """The texts of a column."""
    sent = table(page)
    at = [one["title"] for one in sent["columns"]].index(title)
    return [row["cells"][at] for row in sent["rows"]]


def click(page: AppTest, event: str, value: str, key: str = "set table") -> AppTest:
    """Click as the browser does: the component tells an event."""
    state = WidgetState()
    state.id = f"$$STREAMLIT_INTERNAL_KEY_{_component(page, key).proto.id}__events"
    state.json_trigger_value = json.dumps([{"event": event, "value": value}])
    states = page._tree.get_widget_states()
    states.widgets.append(state)
    return page._run(states)


def _component(page: AppTest, key: str) -> Any:
    (found,) = (
        one
        for one in page.get("bidi_component")
        if one.proto.component_name == "attnviz.set_table" and key in one.proto.id
    )
    return found


def html_of(page: AppTest) -> str:
    return "".join(part.proto.body for part in page.get("html"))
