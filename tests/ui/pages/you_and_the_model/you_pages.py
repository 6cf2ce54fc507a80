"""The page "You and the model" as the tests open it, play on it and read it."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from attnviz.ui.kit.pickers import SAMPLE_PREFIX
from attnviz.ui.pages.you_and_the_model import page as you_page
from tests.paths import PAGES
from tests.ui.pages.layers.layers_pages import in_place_of_the_catalogue

PAGE = PAGES / "9_You_and_the_model.py"
CLICKS = [[0.4, 0.5, 300.0], [0.6, 0.3, 900.0], [0.2, 0.7, 2000.0]]
Header = dict[str, Any]


class Browser:
    """What a browser would send back: the next message, filled with the id of what it was sent."""

    def __init__(self) -> None:
        self.next: Any = None

    def __call__(self, blob: bytes, *, key: str) -> Any:
        you_page.__dict__["real play"](blob, key=key)
        message, self.next = self.next, None
        if isinstance(message, dict):
            return {"id": header_of(blob)["id"]} | message
        return message


def header_of(blob: bytes) -> Header:
    (length,) = struct.unpack_from("<I", blob)
    header: Header = json.loads(blob[4 : 4 + length])
    return header


def opened(monkeypatch: pytest.MonkeyPatch, kind: str = "cbam", **address: str) -> AppTest:
    passes = in_place_of_the_catalogue(monkeypatch, kind)
    page = AppTest.from_file(str(PAGE), default_timeout=120)
    for key, value in address.items():
        page.query_params[key.replace("_", " ")] = value
    page.session_state["bubbles picture"] = SAMPLE_PREFIX + "coffee"
    page.session_state["passes"] = passes
    return page.run()


def parts(page: AppTest, name: str) -> list[Header]:
    return [
        header_of(one.proto.bytes)
        for one in page.get("bidi_component")
        if one.proto.component_name == f"attnviz.bubble_game_{name}"
    ]


def played(page: AppTest, browser: Browser, **changes: Any) -> AppTest:
    browser.next = {"clicks": CLICKS, "ms": 4000.0, "answer": ""} | changes
    return page.run()


def html_of(page: AppTest) -> str:
    return "\n".join(one.proto.body for one in page.get("html"))


def texts(page: AppTest) -> str:
    return "\n".join(one.value for one in [*page.caption, *page.markdown]) + html_of(page)


def charts(page: AppTest) -> list[Any]:
    found = page.get("arrow_vega_lite_chart") or page.get("vega_lite_chart")
    return [json.loads(one.proto.spec) for one in found]


def press(page: AppTest, label: str) -> AppTest:
    (button,) = [one for one in page.button if one.label == label]
    return button.click().run()
