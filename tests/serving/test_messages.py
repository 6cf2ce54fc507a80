"""Requests and refusals as they are sent, and what strangers may send in their place."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from attnviz import errors
from attnviz.errors import (
    AttnvizError,
    DeadlineError,
    MethodError,
    NotServedError,
    ServerBusyError,
    ServerError,
    UnknownClassError,
)
from attnviz.pictures import Picture
from attnviz.pictures.channels import Channels
from attnviz.serving.answers import error_of, refusal, status_of
from attnviz.serving.messages import MOST_BYTES, LookRequest, can_be_sent, read_request

PIXELS = np.random.default_rng(3).integers(0, 256, (5, 7, 3), np.uint8)
REQUEST = LookRequest(
    "ran-small", 128, "ab" * 32, "auto", "contrast:cat|dog;tench", 30.0,
    Picture(PIXELS, "my secret.png", "cd" * 32, ("a note",)),
)  # fmt: skip


def message(**changes: Any) -> bytes:
    """A request whose header is changed; `None` takes an entry away."""
    sent = REQUEST.message()
    (length,) = struct.unpack_from("<I", sent)
    facts = json.loads(sent[4 : 4 + length]) | changes
    header = json.dumps({name: one for name, one in facts.items() if one is not None}).encode()
    return struct.pack("<I", len(header)) + header + sent[4 + length :]


def array(**changes: Any) -> list[dict[str, Any]]:
    entry = {"name": "picture", "dtype": "uint8", "shape": [5, 7, 3], "start": 0}
    return [entry | changes]


def test_a_request_comes_as_it_was_sent_without_name_and_notes() -> None:
    sent = REQUEST.message()
    got = read_request(sent)
    for name in ("model", "side", "weights", "method", "targets", "seconds"):
        assert getattr(got, name) == getattr(REQUEST, name)
    np.testing.assert_array_equal(got.picture.pixels, PIXELS)
    assert got.picture.sha256 == "cd" * 32
    assert not got.picture.pixels.flags.writeable
    assert b"secret" not in sent
    assert b"note" not in sent


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"", "unpack"),
        (b"\xff\xff\xff\x7f" + bytes(100), "longer than allowed"),
        (struct.pack("<I", 2) + b"[]", "no JSON object"),
        (struct.pack("<I", 40) + b"[" * 40, "Expecting value"),
        (message(protocol=2), "protocol 2"),
        (message(protocol="x" * 10_000), "protocol 'x"),
        (message(model=7), "a text"),
        (message(model="a\x00b"), "a text"),
        (message(method="x" * 201), "too long"),
        (message(targets="x" * 8001), "too long"),
        (message(side=10**9), "side of the input"),
        (message(side=True), "side of the input"),
        (message(seconds=1e300), "time to wait"),
        (message(seconds=0), "time to wait"),
        (message(seconds="1"), "time to wait"),
        (message(weights="../../etc/passwd"), "checksum"),
        (message(sha256=None), "'sha256' is missing"),
        (message(arrays=[]), "out of range"),
        (message(arrays=array() * 2), "more than 1 entries"),
        (message(arrays=array(dtype="float32")), "three colours"),
        (message(arrays=array(dtype="O")), "three colours"),
        (message(arrays=array(start=-4)), "three colours"),
        (message(arrays=array(shape=[5, 7, 4])), "three colours"),
        (message(arrays=array(shape=[5, 0, 3])), "width"),
        (message(arrays=array(shape=[5, 8, 3])), "not as large"),
        (message(arrays=array(shape=[4000, 4000, 3])), "million pixels"),
        (message(arrays=array(shape=[2**62, 4, 3])), "height"),
        (message() + bytes(4), "not as large"),
        (message()[:-1], "not as large"),
    ],
)  # fmt: skip
def test_what_is_no_request_is_told(sent: bytes, reason: str) -> None:
    with pytest.raises(ServerError, match=reason) as raised:
        read_request(sent)
    assert len(str(raised.value)) < 400


@pytest.mark.parametrize(
    ("changes", "readable"),
    [
        ({}, True),
        ({"targets": "word:a red car"}, True),
        ({"targets": "word:\N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}"}, False),
        ({"targets": "word:mi\N{ZERO WIDTH NON-JOINER}khaham"}, False),
        ({"targets": "\N{GRINNING FACE}" * 1600}, True),
        ({"targets": "\N{GRINNING FACE}" * 1680}, False),  # twelve bytes each
        ({"targets": "x" * 8001}, False),
        ({"weights": "shipped"}, False),
    ],
)
def test_who_asks_knows_what_a_server_reads(changes: dict[str, Any], readable: bool) -> None:
    request = replace(REQUEST, **changes)
    assert request.readable == readable
    if readable:
        assert read_request(request.message()).targets == request.targets
    else:
        with pytest.raises(ServerError):
            read_request(request.message())


def test_a_picture_is_sent_if_its_pixels_are_few_and_all_there_is() -> None:
    assert can_be_sent(REQUEST.picture)
    large = Picture(np.zeros((2829, 2829, 3), np.uint8), "a", "ab" * 32)
    assert not can_be_sent(large)
    assert can_be_sent(large.reduced(2828))
    largest = LookRequest("m", 8, "ab" * 32, "auto", "", 1, large.reduced(2828))
    assert len(largest.message()) <= MOST_BYTES
    values = Channels(np.zeros((4, 5, 7), np.float32), ("a", "b", "c", "d"), (0, 1, 2))
    assert not can_be_sent(Picture(PIXELS, "a", "ab" * 32, channels=values))


def test_errors_come_as_they_were_raised() -> None:
    for kind in (MethodError, NotServedError, DeadlineError, errors.OutOfMemoryError):
        error = kind("What happened, and what to do.")
        got = error_of(refusal(error), status_of(error))
        assert type(got) is kind
        assert str(got) == str(error)
    busy = error_of(refusal(ServerBusyError(7, 12.4)), 503)
    assert isinstance(busy, ServerBusyError)
    assert (busy.waiting, busy.seconds) == (7, 12.4)
    assert "busy: 7 wait already" in str(busy)
    # What takes more than a sentence comes as one: the sentence is what people read.
    unknown = UnknownClassError("dgo", ("dog", "cat"), 2)
    got = error_of(refusal(unknown), status_of(unknown))
    assert str(got) == str(unknown)
    told = (busy, NotServedError(""), DeadlineError(""), unknown, ServerError(""))
    assert [status_of(one) for one in told] == [503, 404, 504, 422, 500]


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"{}", b'{"error": [], "message": "a"}', b'{"error": "x"}',
     b'{"error": "ServerBusyError", "waiting": 1, "seconds": "soon"}', b"[" * 5000],
)  # fmt: skip
def test_a_refusal_that_is_none_is_told(body: bytes) -> None:
    error = error_of(body, 502)
    assert type(error) is ServerError
    assert "502" in str(error)


def test_a_refusal_cannot_be_any_class_or_carry_anything() -> None:
    for name in ("SystemExit", "KeyboardInterrupt", "Exception", "UnknownNameError"):
        sent = json.dumps({"error": name, "message": "a\u202eb" + "x" * 9000}).encode()
        error = error_of(sent, 422)
        assert type(error) is ServerError
        assert "\u202e" not in str(error)
        assert len(str(error)) <= 4000
    wild = b'{"error": "ServerBusyError", "waiting": null, "seconds": 1e12}'
    busy = error_of(wild, 503)
    assert isinstance(busy, ServerBusyError)
    assert (busy.waiting, busy.seconds) == (None, 3600.0)
    assert isinstance(error_of(b"Service Unavailable", 503), ServerBusyError)
    assert issubclass(ServerBusyError, AttnvizError)
