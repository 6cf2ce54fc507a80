"""What comes from a worker is numbers and text, or refused."""

from __future__ import annotations

import io
import json
import struct

import numpy as np
import pytest

from attnviz.decoding.choices import Choices
from attnviz.decoding.messages import (
    BrokenMessageError,
    Message,
    arrays_of,
    read_message,
    with_arrays,
    write_message,
)
from attnviz.decoding.stills import picture_message, picture_of_message
from attnviz.pictures.open_channels import open_channels


def sent(message: Message, most: int = 10**6) -> Message | None:
    file = io.BytesIO()
    write_message(file, message)
    file.seek(0)
    return read_message(file, most)


def test_a_picture_arrives_as_it_was_with_its_channels() -> None:
    scene = np.arange(2 * 3 * 5, dtype=">u2").reshape(2, 3, 5) * 100
    picture = open_channels(scene, shown=(4, 2, 0), name="scène.tif")
    message = sent(picture_message(picture))
    assert message is not None
    arrived = picture_of_message(message)
    np.testing.assert_array_equal(arrived.pixels, picture.pixels)
    assert (arrived.name, arrived.sha256) == (picture.name, picture.sha256)
    assert arrived.notes == picture.notes != ()
    assert arrived.channels is not None
    np.testing.assert_array_equal(arrived.channels.values, scene)
    assert arrived.channels.shown == (4, 2, 0)
    assert not arrived.pixels.flags.writeable


def raw(facts: object, body: bytes = b"") -> bytes:
    text = facts if isinstance(facts, bytes) else json.dumps(facts).encode()
    return struct.pack("<I", len(text)) + text + body


@pytest.mark.parametrize(
    "content",
    [
        b"\x01",
        struct.pack("<I", 2**31),
        raw(b"{"),
        raw(b"[" * 100_000),
        raw([1]),
        raw({}),
        raw({"sizes": 3}),
        raw({"sizes": [True]}, b"x"),
        raw({"sizes": [-1]}),
        raw({"sizes": ["1"]}),
        raw({"sizes": [10**9]}),
        raw({"sizes": [5]}, b"four"),
    ],
)
def test_what_is_no_message_is_refused(content: bytes) -> None:
    with pytest.raises(BrokenMessageError):
        read_message(io.BytesIO(content), 10**6)


@pytest.mark.parametrize(
    "change",
    [
        {"dtype": "|O"},
        {"dtype": "nothing"},
        {"dtype": "<M8[s]"},
        {"shape": [2, 2, 4]},
        {"shape": [2, 6]},
        {"shape": "2"},
        {"dtype": "<f4", "shape": [1, 1, 3]},
    ],
)
def test_what_is_no_picture_is_refused(change: dict[str, object]) -> None:
    good = with_arrays({"name": "a", "sha256": "0", "notes": []}, [np.zeros((2, 2, 3), np.uint8)])
    assert picture_of_message(good).pixels.shape == (2, 2, 3)
    table = [good.facts["arrays"][0] | change]
    with pytest.raises(BrokenMessageError):
        picture_of_message(Message({**good.facts, "arrays": table}, good.parts))
    with pytest.raises(BrokenMessageError):
        arrays_of(Message({"arrays": table}))


def test_choices_survive_and_nothing_else_is_one() -> None:
    choices = Choices(("red", "near infrared"), 3, (1, 1, 1), 2, (0.5, 9.0), "as it is", False)
    assert Choices.of_facts(json.loads(json.dumps(choices.facts()))) == choices
    for broken in ({}, choices.facts() | {"shown": [1]}, choices.facts() | {"window": "wide"}):
        with pytest.raises(BrokenMessageError):
            Choices.of_facts(broken)
