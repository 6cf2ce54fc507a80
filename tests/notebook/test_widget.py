"""The viewer as a widget, without a notebook around it."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType

import pytest

from attnviz.analysis.explanation import Explanation
from attnviz.errors import AttnvizError, UnknownNameError
from attnviz.viewer.blob import blob_header
from tests.export.examples import example_source

pytest.importorskip("anywidget")


def explanation() -> Explanation:
    return example_source().explanation


def test_it_holds_what_the_viewer_draws() -> None:
    widget = explanation().show(layer=0, radius=4)
    header = blob_header(widget._blob)
    assert [layer["name"] for layer in header["layers"]] == [
        "block 0 church", "block 1 church", "block 2 church", "all layers"
    ]  # fmt: skip
    assert header["view"]["layer"] == widget.layer == "block 0 church"
    assert widget.picked is None
    assert widget._esm.count("export default") == 1


def test_what_the_browser_tells_is_read_in_python() -> None:
    widget, heard = explanation().show(), []
    widget.observe(lambda change: heard.append(change["new"]), names="layer")
    widget.set_state(
        {"layer": "all layers", "picked": {"x": 0.25, "y": 0.5, "layer": "all layers"}}
    )
    assert widget.layer == "all layers"
    assert widget.picked == {"x": 0.25, "y": 0.5, "layer": "all layers"}
    assert heard == ["all layers"]


def test_a_layer_that_is_not_there_is_refused() -> None:
    widget = explanation().show()
    before = widget.layer
    with pytest.raises(UnknownNameError, match=r"no layer named 'block 9'.*Nearest: block"):
        widget.layer = "block 9"
    assert widget.layer == before
    with pytest.raises(UnknownNameError):
        explanation().show("nothing")


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(
        name: str,
        global_names: Mapping[str, object] | None = None,
        local_names: Mapping[str, object] | None = None,
        wanted: Sequence[str] = (),
        level: int = 0,
    ) -> ModuleType:
        if name == "anywidget":
            raise ModuleNotFoundError("No module named 'anywidget'", name="anywidget")
        return real(name, global_names, local_names, wanted, level)

    monkeypatch.delitem(sys.modules, "attnviz.notebook.widget", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(AttnvizError, match=r"pip install 'attnviz\[notebook\]'"):
        explanation().show()
