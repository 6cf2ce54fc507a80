"""The report: one file that holds what the viewer needs, and nothing that runs but the viewer."""

from __future__ import annotations

import base64
import hashlib
import io
import math
import re
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from attnviz.analysis.explanation import Prediction
from attnviz.errors import OutputError, UnknownNameError
from attnviz.export.base import exports
from attnviz.export.finding import Chart, Curve, Finding
from attnviz.export.report_page.page import report_page
from attnviz.pictures import Picture, open_sample
from attnviz.pictures.geometry import Fit, fit_picture
from attnviz.render.aperture import Aperture
from attnviz.render.bokeh import bokeh
from attnviz.render.focus import Edges, FocusSettings, Scale
from attnviz.version import __version__
from attnviz.viewer.blob import unpack_blob
from tests.export.examples import HOSTILE, example_source


class Page(HTMLParser):
    """A page as a browser reads it: its elements, the scripts' text, and all other text."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text = ""
        self._within = ""
        self.feed(page.decode("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._within = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, _tag: str) -> None:
        self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within == "script":
            self.scripts[-1] += data
        elif self._within != "style":
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def blob_of(page: Page, number: int = 0) -> tuple[dict[str, object], dict[str, np.ndarray]]:
    return unpack_blob(base64.b64decode(page.scripts[number]))


def test_the_viewer_gets_photo_maps_and_outlines() -> None:
    one = example_source()
    header, arrays = blob_of(Page(report_page([one])))
    photo = np.asarray(Image.open(io.BytesIO(arrays["photo"].tobytes())))
    assert np.abs(photo.astype(int) - one.picture.pixels).mean() < 6, "a JPEG of the photo"
    _, maps = unpack_blob(zlib.decompress(arrays["maps"].tobytes()))
    layers = header["layers"]
    assert isinstance(layers, list)
    assert [layer["name"] for layer in layers] == [*one.explanation.layers, "all layers"]
    for index, values in enumerate(one.explanation.maps):
        low, high = layers[index]["low"], layers[index]["high"]
        codes = maps[f"layer {index}"] / 255 * (high - low) + low
        np.testing.assert_allclose(codes, values, atol=(high - low) / 509)
    assert header["mattes"] == [f"matte {index}" for index in range(4)]
    assert header["name"] == "", "a file from disk has no link to share"


def test_the_viewer_begins_as_the_source_is_shown() -> None:
    settings = FocusSettings(
        threshold=0.4, softness=0.2, scale=Scale.ALL_LAYERS, edges=Edges.OBJECT
    )
    one = replace(example_source(), settings=settings, aperture=Aperture.HEXAGON, highlights=2.0)
    view = blob_of(Page(report_page([one])))[0]["view"]
    assert isinstance(view, dict)
    assert view["radius"] == pytest.approx(4 / math.hypot(64, 96))
    told = ("layer", "threshold", "softness", "scale", "outline", "aperture", "highlights")
    assert [view[name] for name in told] == [
        "block 1 church", 0.4, 0.2, "all-layers", True, "hexagon", 2.0
    ]  # fmt: skip
    wide = blob_of(Page(report_page([replace(one, radius=900.0)])))[0]["view"]
    assert isinstance(wide, dict)
    assert wide["radius"] == 0.06, "as far as the viewer's slider goes"


def test_still_pictures_are_those_of_the_layer() -> None:
    one = example_source()
    page = Page(report_page([one]))
    links = [str(image["src"]).removeprefix("data:image/jpeg;base64,") for image in page.all("img")]
    assert len(links) == 2 + 4, "focus picture and map; then every layer, and all of them fused"
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(links[0]))))
    expected = bokeh(one.picture.pixels, one.focus().values, 4.0)
    assert np.abs(shown.astype(int) - expected).mean() < 6
    other = bokeh(one.picture.pixels, replace(one, layer="block 0 church").focus().values, 4.0)
    assert np.abs(shown.astype(int) - other).mean() > np.abs(shown.astype(int) - expected).mean()


def test_it_says_what_was_seen_and_where_it_comes_from() -> None:
    one = replace(example_source(), after=(Prediction("tower", 0.5), Prediction("church", 0.25)))
    page = Page(report_page([one], title="Ours & theirs", date="2031-02-03"))
    for text in (
        "Ours & theirs", "0.75 → 0.25", "0.12 → 0.50", "f" * 64, "Grad-CAM", __version__,
        "2031-02-03", "What speaks for “church” to church stays sharp", "A note on church.",
        "block 1 church",
    ):  # fmt: skip
        assert text in page.text, text
    assert [bar["style"] for bar in page.all("i")] == ["width:75.0%", "width:12.5%"]
    assert [bar["style"] for bar in page.all("b")] == ["width:25.0%", "width:50.0%"]
    assert "→" not in Page(report_page([example_source()])).text, (
        "the focus picture was not classified"
    )


def test_names_stay_text() -> None:
    chart = Chart((Curve(HOSTILE, (0, 1), (0, 1)),), HOSTILE, HOSTILE)
    pixels = np.zeros((4, 4, 3), np.uint8)
    finding = Finding(HOSTILE, HOSTILE, (HOSTILE,), (chart,), ((HOSTILE, pixels),))
    one = replace(example_source(name=HOSTILE, label=HOSTILE), findings=(finding,))
    page = Page(report_page([one], title=HOSTILE))
    plain = Page(report_page([replace(example_source(), findings=(replace(finding, title="a"),))]))
    assert [name for name, _ in page.elements] == [name for name, _ in plain.elements]
    known = {"src", "alt", "width", "height"}
    assert all(set(image) == known for image in page.all("img"))
    assert page.text.count(HOSTILE) > 10
    layers = blob_of(page)[0]["layers"]
    assert isinstance(layers, list)
    assert layers[0]["name"] == f"block 0 {HOSTILE}"


def test_nothing_runs_but_the_script_of_the_page_and_nothing_is_fetched() -> None:
    page = Page(report_page([example_source(), example_source()]))
    kinds = [script["type"] for script in page.all("script")]
    assert kinds == ["text/plain", "text/plain", "module"]
    digest = base64.b64encode(hashlib.sha256(page.scripts[-1].encode()).digest()).decode()
    (policy,) = [
        str(meta["content"])
        for meta in page.all("meta")
        if meta.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["script-src"] == f"'sha256-{digest}'"
    assert rules["default-src"] == "'none'"
    addresses = {
        str(value)
        for _, attributes in page.elements
        for name, value in attributes.items()
        if name in {"src", "href", "action", "data", "poster", "srcset"}
    }
    assert addresses
    own = {f"#{article['id']}" for article in page.all("article")}
    assert {address for address in addresses if not address.startswith("data:")} == own
    style = re.search(rb"<style>(.*?)</style>", report_page([example_source()]), re.DOTALL)
    assert style is not None
    assert b"url(" not in style[1]
    assert b"@import" not in style[1]


def test_two_photos_have_viewers_of_their_own() -> None:
    page = Page(report_page([example_source(), example_source(layers=2)]))
    first, second = (blob_of(page, number)[0] for number in (0, 1))
    (overview,) = page.all("nav")
    assert overview["aria-label"] == "Overview"
    assert [link["href"] for link in page.all("a")] == ["#entry-0", "#entry-1"]
    assert "a.png, church · Grad-CAM: church 0.75" in page.text
    assert Page(report_page([example_source()])).all("nav") == [], "nothing to choose from"
    assert first["viewId"] != second["viewId"]
    assert len(page.all("article")) == 2
    assert len(page.all("h1")) == 1
    same = Page(report_page([example_source(), example_source()]))
    ids = {str(blob_of(same, number)[0]["viewId"]) for number in (0, 1)}
    assert len(ids) == 2, "or the second viewer would begin where the first was left"


def test_a_large_photo_with_twelve_layers_stays_below_five_megabytes() -> None:
    one = example_source(layers=12)
    pixels = cv2.resize(open_sample("china").pixels, (1600, 1200), interpolation=cv2.INTER_CUBIC)
    grain = np.random.default_rng(0).normal(0, 6, pixels.shape)  # as the sensor of a phone has
    picture = Picture(np.clip(pixels + grain, 0, 255).astype(np.uint8), "large.jpg", "0" * 64)
    geometry = fit_picture(picture.pixels.shape[:2], 32, Fit.CROP)
    explanation = replace(one.explanation, picture=picture, geometry=geometry)
    assert len(report_page([replace(one, picture=picture, explanation=explanation)])) < 5e6


def test_the_registered_export_writes_it() -> None:
    report = exports().get("report")()
    assert report.file_name("any") == "report.html"
    assert report.write(example_source()) == report_page([example_source()])


def test_a_result_saves_its_report(tmp_path: Path) -> None:
    result = example_source().explanation
    path = result.save_report(tmp_path / "x.html", layer="block 2 church", radius=3)
    view = blob_of(Page(path.read_bytes()))[0]["view"]
    assert isinstance(view, dict)
    assert view["layer"] == "block 2 church"
    assert view["radius"] == pytest.approx(3 / math.hypot(64, 96))
    with pytest.raises(UnknownNameError, match="There is no layer named 'x'"):
        result.save_report(tmp_path / "y.html", layer="x")
    with pytest.raises(OutputError, match=r"y\.html cannot be written .*Choose another place"):
        result.save_report(tmp_path / "none" / "y.html")
    assert [one.name for one in tmp_path.iterdir()] == ["x.html"]
