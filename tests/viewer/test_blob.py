"""The blob: what is packed comes back, and its id changes with whatever is in it."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from attnviz.viewer.blob import blob_header, content_id, pack_blob, unpack_blob

ARRAYS = {
    "codes": np.arange(7, dtype=np.uint8),
    "difference": np.array([[-127, 0, 127]], np.int8),
    "half": np.array([[0.5, 1], [0, 2**-24]], np.float16),
    "empty": np.zeros((0, 4), np.float32),
    "picture": b"\xff\xd8\xff",
}


@pytest.mark.parametrize("extra", range(4))
def test_names_types_shapes_and_values_come_back(extra: int) -> None:
    header = {"title": "é" * extra, "values": [1.5, None]}
    blob = pack_blob(header, ARRAYS)
    assert blob == pack_blob(dict(header), dict(ARRAYS))
    back, arrays = unpack_blob(blob)
    assert back == header
    assert list(arrays) == list(ARRAYS)
    assert arrays["picture"].tobytes() == ARRAYS["picture"]
    for name in ("codes", "difference", "half", "empty"):
        assert arrays[name].dtype == ARRAYS[name].dtype
        np.testing.assert_array_equal(arrays[name], ARRAYS[name])


def test_every_array_begins_at_a_multiple_of_four() -> None:
    blob = pack_blob({"a": "bc"}, ARRAYS)
    (length,) = struct.unpack_from("<I", blob)
    starts = [entry["start"] for entry in blob_header(blob)["arrays"]]
    assert [number % 4 for number in (length, len(blob), *starts)] == [0] * (2 + len(starts))


def test_the_id_is_of_header_names_types_shapes_and_values() -> None:
    plain = {"a": np.zeros((2, 2), np.uint8)}
    variants = [
        ({}, plain),
        ({"x": 1}, plain),
        ({}, {"b": plain["a"]}),
        ({}, {"a": plain["a"].astype(np.int8)}),
        ({}, {"a": plain["a"].ravel()}),
        ({}, {"a": plain["a"] + np.uint8(1)}),
        ({}, {"a": b"xy", "b": b"z"}),
        ({}, {"a": b"x", "b": b"yz"}),
    ]
    ids = [content_id(header, arrays) for header, arrays in variants]
    assert len(set(ids)) == len(ids)
    assert {len(one) for one in ids} == {32}


def test_types_that_the_browser_cannot_read_are_refused() -> None:
    with pytest.raises(KeyError):
        pack_blob({}, {"a": np.zeros(2, np.int64)})
