"""The table of a set: what travels to the browser."""

from __future__ import annotations

from attnviz.ui.components.set_table import SetRow, TableColumn, pack
from attnviz.viewer.blob import unpack_blob

COLUMNS = (TableColumn("path", "Picture"), TableColumn("margin", "Margin", number=True))
ROWS = (
    SetRow("7", "a.jpg", ("x/a.jpg", "0.5"), b"\xff\xd8one", b"two"),
    SetRow("3", "<b>", ("", "")),
)


def test_a_page_comes_back_from_its_blob() -> None:
    header, arrays = unpack_blob(pack(COLUMNS, ROWS, "3", "margin", descending=True))
    assert [one["title"] for one in header["columns"]] == ["Picture", "Margin"]
    assert [one["number"] for one in header["columns"]] == [False, True]
    assert header["rows"][0] == {"key": "7", "name": "a.jpg", "cells": ["x/a.jpg", "0.5"]}
    assert (header["chosen"], header["sorted"], header["descending"]) == ("3", "margin", True)
    assert arrays["photo 0"].tobytes() == b"\xff\xd8one"
    assert arrays["focus 0"].tobytes() == b"two"
    assert arrays["photo 1"].tobytes() == b""


def test_the_id_says_whether_the_table_is_the_same_whatever_is_chosen() -> None:
    def id_of(*given: object, **more: bool) -> str:
        return str(unpack_blob(pack(COLUMNS, *given, **more))[0]["id"])  # type: ignore[arg-type]

    first = id_of(ROWS, "7")
    assert id_of(ROWS, "3") == first
    others = {id_of(ROWS[::-1]), id_of(ROWS, "7", "margin"), id_of(ROWS[:1])}
    assert len(others | {first}) == 4
    assert id_of(ROWS, "7", "margin", descending=True) not in others
