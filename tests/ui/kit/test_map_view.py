"""What stands in for the viewer where the browser has no WebGL2."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from attnviz.pictures.geometry import Fit, fit_picture
from attnviz.render.heat import heat_overlay
from attnviz.ui.components.viewer import Content, Layer
from attnviz.ui.kit.map_view import overlay
from tests.ui.pages.training.training_pages import CORNER, PAGE, assert_fine

SIDE = 64


def content(span: tuple[float, float] | None) -> Content:
    pixels = np.full((SIDE, SIDE, 3), 128, np.uint8)
    maps = [Layer("much", CORNER), Layer("little", 0.25 * CORNER)]
    geometry = fit_picture((SIDE, SIDE), SIDE, Fit.SQUASH)
    return Content(pixels, geometry, maps, "Maps", "Of a test.", True, span=span)


def drawn(jpeg: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB")).astype(int)


@pytest.mark.parametrize(("span", "peak"), [(None, 1.0), ((0.0, 1.0), 0.25)])
def test_a_map_is_stretched_by_itself_only_where_no_scale_is_shared(
    span: tuple[float, float] | None, peak: float
) -> None:
    """In the corner that a map marks, both ways against the colours of its share."""
    shown = content(span)
    for layer, share in zip(shown.layers, (1.0, peak), strict=True):
        expected = heat_overlay(shown.pixels, np.full((SIDE, SIDE), share, np.float32))
        found = drawn(overlay(shown, layer))
        assert abs(found[8, 8] - expected[8, 8].astype(int)).max() <= 6  # of JPEG


def test_the_training_page_says_that_its_maps_share_a_scale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "runs"))
    page = AppTest.from_file(str(PAGE), default_timeout=120)
    page.session_state["no webgl"] = True
    page.query_params["run"] = "cifar-naive"
    page.run()
    assert_fine(page)
    (said,) = (one.value for one in page.caption if "no WebGL2" in one.value)
    assert re.search(r"All maps share one scale, 0\.000 to 0\.\d+\.$", said)
