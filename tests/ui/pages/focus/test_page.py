"""The focus page run by Streamlit's own test runner: uploads, choices, and what goes wrong.

The viewer's script never runs here: what it would tell is put into the session. The page without
WebGL has Streamlit's own controls, which can be moved.
"""

from __future__ import annotations

import hashlib
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from tests.paths import PAGES
from tests.ui.viewers import viewer_blobs, viewer_headers

PAGE = PAGES / "1_Focus.py"
LAYERS = ["stage1.attention", "stage2.attention", "stage3.attention", "all layers"]


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_file(str(PAGE), default_timeout=120).run()


@pytest.fixture
def plain_page() -> AppTest:
    page = AppTest.from_file(str(PAGE), default_timeout=120)
    page.session_state["no webgl"] = True
    return page.run()


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def assert_fine(page: AppTest) -> None:
    assert not page.exception
    assert not page.error


def header(page: AppTest) -> dict[str, Any]:
    """The header of what the viewer was sent."""
    (found,) = viewer_headers(page)
    return found


def tell(page: AppTest, **changes: Any) -> AppTest:
    """What the browser tells when a control is released."""
    sent = header(page)
    view = sent["view"] | changes | {"viewId": sent["viewId"]}
    page.session_state["viewer"] = {"view": view}
    return page.run()


def html_of(page: AppTest) -> list[str]:
    return [str(part.proto.body) for part in page.get("html")]


def test_it_opens_with_a_sample_already_looked_at(page: AppTest) -> None:
    assert_fine(page)
    assert page.session_state["picture"] == "sample:china"
    sent = header(page)
    assert [layer["name"] for layer in sent["layers"]] == LAYERS
    assert sent["view"]["layer"] == "stage2.attention"
    assert sum("sees a" in piece for piece in html_of(page)) == 1


def test_what_the_viewer_tells_is_kept_and_rendered_again(page: AppTest) -> None:
    before = header(page)
    verdict = next(piece for piece in html_of(page) if "av-verdict" in piece)
    tell(page, layer="stage1.attention", radius=0.06, mode="heat")
    assert_fine(page)
    after = header(page)
    assert after == before, "the browser has all it needs: nothing is sent again"
    assert page.session_state["viewer controls"].layer == "stage1.attention"
    assert page.query_params["layer"] == "stage1.attention"
    assert page.query_params["mode"] == "heat"
    assert next(piece for piece in html_of(page) if "av-verdict" in piece) != verdict


def test_what_it_knows_is_said_first_and_a_guess_is_called_one(page: AppTest) -> None:
    known = "Knows 10 things: tench, English springer, cassette player, chain saw, church"
    (said,) = [text for one in page.caption if known in (text := one.value.replace("\\", ""))]
    assert said.endswith("golf ball and parachute.")
    assert not any("Not sure" in piece for piece in html_of(page))
    page.session_state["picture"] = "sample:astronaut"
    page.run()
    assert_fine(page)
    (verdict,) = [piece for piece in html_of(page) if "Not sure" in piece]
    assert "Its best guess is French horn (0.47)" in verdict
    assert verdict.count('class="av-bar"') >= 4
    page.selectbox(key="look").set_value("decision").run()
    assert page.selectbox(key="target").options[0] == "French horn (a guess)"


def test_a_link_opens_its_view(page: AppTest) -> None:
    linked = AppTest.from_file(str(PAGE), default_timeout=120)
    linked.query_params["look"] = "layer-cam"
    linked.query_params["picture"] = "sample:coffee"
    linked.query_params["layer"] = "stage1.attention"
    linked.query_params["radius"] = "0.01"
    linked.query_params["threshold"] = "nonsense"
    linked.run()
    assert_fine(linked)
    view = header(linked)["view"]
    assert (view["layer"], view["radius"], view["threshold"]) == ("stage1.attention", 0.01, 0.25)
    assert linked.session_state["look"] == "layer-cam"
    assert linked.session_state["picture"] == "sample:coffee"


def test_outlines_are_found_when_they_are_asked_for(page: AppTest) -> None:
    assert header(page)["mattes"] is None
    tell(page, outline=True)
    assert_fine(page)
    mattes = header(page)["mattes"]
    assert len(mattes) == len(LAYERS)
    tell(page, outline=False)
    assert header(page)["mattes"] == mattes, "what was made once stays"


def test_an_absolute_scale_goes_with_the_shares(page: AppTest) -> None:
    page.selectbox(key="look").set_value("soft-mask").run()
    tell(page, scale="absolute")
    assert page.session_state["viewer controls"].scale == "absolute"
    page.selectbox(key="look").set_value("layer-cam").run()
    assert_fine(page)
    assert header(page)["view"]["scale"] == "layer"


def test_a_browser_without_webgl_gets_the_servers_pictures(page: AppTest) -> None:
    page.session_state["viewer"] = {"webgl": False}
    page.run()
    assert_fine(page)
    page.run()
    assert page.select_slider(key="layer").options == LAYERS
    assert len(page.get("image") or page.get("imgs")) == 2


def _labelled(page: AppTest, label: str) -> Button:
    (button,) = (one for one in page.button if one.label == label)
    return button


def test_layer_buttons_step_and_stop_at_the_ends(plain_page: AppTest) -> None:
    page = plain_page
    layers = page.select_slider(key="layer").options
    assert layers == LAYERS
    page.select_slider(key="layer").set_value(layers[0]).run()
    _labelled(page, "◀").click().run()
    assert page.session_state["layer"] == layers[0]
    for expected in (*layers[1:], layers[-1]):
        _labelled(page, "▶").click().run()
        assert page.session_state["layer"] == expected
    assert_fine(page)
    assert sum("av-strip" in piece for piece in html_of(page)) == 1


def test_plain_controls_keep_every_change(plain_page: AppTest) -> None:
    page = plain_page
    for value in (3.0, 4.0, 5.0):
        page.slider(key="plain radius").set_value(value).run()
        assert page.slider(key="plain radius").value == value
        assert page.session_state["viewer controls"].radius == pytest.approx(value / 100)
    page.radio(key="plain scale").set_value("all-layers").run()
    page.toggle(key="plain outline").set_value(True).run()
    view = page.session_state["viewer controls"]
    assert (view.scale, view.outline) == ("all-layers", True)
    assert_fine(page)


def test_each_question_and_method_can_be_chosen(page: AppTest) -> None:
    options = page.selectbox(key="look").options
    assert options[:2] == ["What does it attend to?", "What does the decision rest on?"]
    for look in ("decision", "mask-gradient", "layer-cam", "soft-mask"):
        page.selectbox(key="look").set_value(look).run()
        assert_fine(page)
        sent = header(page)
        assert sent["view"]["layer"] in [layer["name"] for layer in sent["layers"]]


def test_a_method_of_many_passes_says_its_cost_and_waits(page: AppTest) -> None:
    page.selectbox(key="look").set_value("score-cam").run()
    assert_fine(page)
    (info,) = page.info
    # One pass for the activations, one for each of the 512 channels of the last block.
    assert "513 forward passes" in info.value
    assert not viewer_blobs(page)
    page.selectbox(key="look").set_value("eigen-cam").run()
    page.button(key="begin look").click().run()
    assert_fine(page)
    assert header(page)["title"].startswith(("Relevance", "Attention"))
    page.selectbox(key="look").set_value("layer-cam").run()
    page.selectbox(key="look").set_value("eigen-cam").run()
    assert not page.info, "what was looked at once is kept"
    assert header(page)["layers"]


def test_a_new_upload_is_shown_and_a_broken_one_is_named(page: AppTest) -> None:
    good = png(np.full((40, 60, 3), 120, np.uint8))
    uploader = page.get("file_uploader")[0]
    uploader.upload("even.png", good).upload("no.jpg", b"no picture").run()
    assert not page.exception
    assert len(page.error) == 1
    assert "no.jpg" in page.error[0].value
    assert page.session_state["picture"] == hashlib.sha256(good).hexdigest()


def test_one_pixel_and_a_ribbon_are_shown(page: AppTest) -> None:
    for pixels in (np.zeros((1, 1, 3), np.uint8), np.zeros((3, 20000, 3), np.uint8)):
        page.get("file_uploader")[0].upload("odd.png", png(pixels)).run()
        assert_fine(page)


def test_a_hostile_file_name_is_plain_text_everywhere(page: AppTest) -> None:
    name = "![x](http%3A__host_p.png)**b**.png"
    source = png(np.full((40, 60, 3), 120, np.uint8))
    page.get("file_uploader")[0].upload(name, source).run()
    assert_fine(page)
    cells = page.table[0].value.to_dict()
    shown = str(cells)
    assert "![x]" not in shown
    assert "**b**" not in shown


def test_a_download_shows_its_progress_and_the_page_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Weights that arrive in two pieces; afterwards the cached model draws nothing again."""
    from attnviz.ui.kit import model_cache

    real, asked = model_cache.find_weights, []

    def slow(ref: object, progress: object) -> object:
        asked.append(ref)
        for done in (1, 2):
            progress(done, 2)  # type: ignore[operator]
        return real(ref, None)  # type: ignore[arg-type]

    monkeypatch.setattr(model_cache, "find_weights", slow)
    page = AppTest.from_file(str(PAGE), default_timeout=120).run()
    assert_fine(page)
    page.run()
    assert_fine(page)
    assert len(asked) == 1


def test_only_the_layer_that_was_measured_is_said_to_be(page: AppTest) -> None:
    def said() -> str:
        return " ".join(one.value for one in page.markdown)

    assert "This map and layer were chosen by measurement" in said()
    tell(page, layer="stage1.attention")
    assert_fine(page)
    assert "This map and layer" not in said()
    assert "You chose this layer" in said()
    assert "that of stage2" in said()
