"""An explanation as a notebook shows it without the viewer."""

from __future__ import annotations

import base64
import io
from dataclasses import replace

import numpy as np
from PIL import Image

from attnviz.analysis.certainty import Certainty, Doubt
from attnviz.export.report_page.page import report_page
from attnviz.render.bokeh import bokeh
from tests.export.examples import HOSTILE, example_source
from tests.export.test_report import Page


def test_two_pictures_and_what_it_sees() -> None:
    one = example_source()
    result = one.explanation
    page = Page(result._repr_html_().encode())
    links = [str(image["src"]).removeprefix("data:image/jpeg;base64,") for image in page.all("img")]
    assert len(links) == 2
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(links[0]))))
    expected = bokeh(one.picture.pixels, result.focus(result.best_layer).values, 24)
    assert np.abs(shown.astype(int) - expected).mean() < 6
    assert "It sees church 0.75, tower 0.12." in page.text
    assert "What speaks for “church” to church stays sharp." in page.text


def test_names_stay_text_and_nothing_runs() -> None:
    page = Page(example_source(label=HOSTILE).explanation._repr_html_().encode())
    plain = Page(example_source().explanation._repr_html_().encode())
    assert [name for name, _ in page.elements] == [name for name, _ in plain.elements]
    assert page.all("script") == []
    assert page.text.count(HOSTILE) >= 4
    assert len(example_source(layers=12).explanation._repr_html_()) < 200_000


def test_a_guess_is_told_as_a_guess() -> None:
    doubtful = replace(example_source().explanation, certainty=Certainty(0.1, 0.0, Doubt.CLOSE))
    said = "Not sure: its best guesses are church (0.75) and tower (0.12)."
    assert said in doubtful._repr_html_()
    source = replace(example_source(), explanation=doubtful)
    assert said in Page(report_page([source])).text
    assert "Not sure" not in Page(report_page([example_source()])).text


def test_a_result_is_one_line() -> None:
    assert repr(example_source().explanation) == (
        "<Explanation of 'a.png', seen as 'church': 3 layers by grad-cam, best 'block 2 church'>"
    )
