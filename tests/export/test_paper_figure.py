"""The figure for papers: its text is text, its pictures are those of the layers."""

from __future__ import annotations

import io
import json
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from pypdf import PdfReader

from attnviz.errors import UnknownNameError
from attnviz.export.base import exports
from attnviz.export.paper_figure import paper_figure, shown_layers
from attnviz.export.png import read_provenance
from attnviz.render.heat import heat_overlay
from tests.export.examples import HOSTILE, example_source

LABEL = "price $x$"  # would be a formula


def test_text_of_the_pdf_is_text_in_embedded_truetype_fonts() -> None:
    source = example_source(label=LABEL)
    reader = PdfReader(io.BytesIO(exports().get("figure")().write(source)))
    (page,) = reader.pages
    text = page.extract_text()
    for layer in source.explanation.layers:
        assert layer in text
    assert f"Relevance for {LABEL}" in text
    assert f"{LABEL} 0.75" in text
    assert "Grad-CAM" in text
    assert re.search(r"^0\.\d+$", text, re.MULTILINE), "the ends of a colour bar"
    kinds = set()
    for font in page["/Resources"]["/Font"].values():
        for one in font.get_object().get("/DescendantFonts", [font]):
            kinds.add(one.get_object()["/Subtype"])
    assert kinds == {"/CIDFontType2"}, "TrueType, not outlines"
    assert float(page.mediabox.width) == pytest.approx(6.9 * 72, abs=1)
    facts = read_provenance(exports().get("focus")().write(source))
    assert json.loads(str(reader.metadata["/Subject"])) == facts  # type: ignore[index]


def test_an_svg_has_text_elements_and_runs_nothing() -> None:
    source = example_source(label=HOSTILE)
    file = exports().get("figure-svg")().write(source)
    tree = ET.fromstring(file)
    texts = ["".join(one.itertext()) for one in tree.iter("{http://www.w3.org/2000/svg}text")]
    assert "Photo" in texts
    assert any(one.startswith("Relevance") and "alert(2)" in one for one in texts)
    assert not list(tree.iter("{http://www.w3.org/2000/svg}script"))
    assert file == exports().get("figure-svg")().write(source), "equal each time"


def test_panels_show_the_maps_over_their_focus_with_absolute_values() -> None:
    source = example_source()
    figure = paper_figure(source)
    pictures = [one for one in figure.axes if one.images]
    photo, *maps = pictures[:4]
    np.testing.assert_array_equal(photo.images[0].get_array(), source.picture.pixels)
    for axes, focused, layer in zip(maps, pictures[4:], source.explanation.layers, strict=True):
        focus = source.explanation.focus(layer)
        over = heat_overlay(source.picture.pixels, focus.scaled)
        np.testing.assert_array_equal(axes.images[0].get_array(), over)
        np.testing.assert_array_equal(focused.images[0].get_array(), source.blurred(focus))
        (bar,) = axes.child_axes
        values = source.explanation.map_of(layer)
        assert bar.get_ylim() == pytest.approx((values.min(), values.max()))


def test_some_of_many_layers_are_chosen_with_the_shown_one() -> None:
    source = example_source(10)
    assert source.layer == "block 1 church"
    assert [name.split()[1] for name in shown_layers(source)] == ["1", "3", "6", "9"]
    assert shown_layers(example_source(2)) == ("block 0 church", "block 1 church")


def test_names_of_layers_and_styles_are_checked() -> None:
    result = example_source(6).explanation
    assert len([one for one in result.figure([0, -1]).axes if one.images]) == 5
    wide = result.figure(result.layers, style="slides")
    assert wide.get_size_inches()[0] == pytest.approx(13.3)
    assert len([one for one in wide.axes if one.images]) == 13
    with pytest.raises(UnknownNameError, match="papers"):
        result.figure(style="papers")
    with pytest.raises(UnknownNameError):
        result.figure(["x"])
