"""Why two pictures are alike, on the page "Features"."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from attnviz.analysis.counterparts import likeness
from attnviz.analysis.features import features
from attnviz.models.vision_model import VisionModel
from attnviz.ui.kit.picture_cache import shown_sample
from attnviz.ui.pages.features.pair import LINES
from tests.ui.pages.features.test_page import PAGE, SECOND
from tests.ui.pages.layers.test_page import assert_fine, texts


def opened(**address: str) -> AppTest:
    page = AppTest.from_file(str(PAGE), default_timeout=120)
    for name, value in address.items():
        page.query_params[name] = value
    return page.run()


def told(page: AppTest) -> list[str]:
    return [one.value for one in page.caption if "most like the other" in one.value]


def test_two_pictures_are_compared_and_one_is_not(model: VisionModel) -> None:
    page = opened()
    assert_fine(page)
    assert told(page) == []
    page.multiselect(key="feature pictures").select(SECOND).run()
    assert_fine(page)
    found = likeness(*(features(model, shown_sample(name)) for name in ("china", "coffee")))
    (sentence,) = told(page)
    cosines = [pair.cosine for pair in found.pairs]
    assert sentence.startswith(f"{len(cosines)} pairs of patches")
    assert f"at cosines of {min(cosines):.2f} to {max(cosines):.2f} when" in sentence
    assert sentence.endswith(f"alike at {found.whole:.2f}.")
    assert texts(page).count("sharp where the other has its like") == 2
    scales = [one.value for one in page.caption if "(dark) to" in one.value]
    assert len(scales) == 2
    assert f"{found.first.max():.3f}"[:4] in scales[0]


def test_how_many_lines_is_chosen_and_linked(model: VisionModel) -> None:
    page = opened(**{"feature pictures": SECOND, LINES: "5"})
    assert_fine(page)
    assert page.segmented_control(key=LINES).value == "5"
    assert told(page)[0].startswith("5 pairs of patches")
    assert page.query_params[LINES] == "5"
    page.segmented_control(key=LINES).set_value("10").run()
    assert_fine(page)
    assert page.query_params[LINES] == "10"
