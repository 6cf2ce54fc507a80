"""What a worker can be asked to do with a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping

from attnviz.decoding.choices import choices_in, open_chosen
from attnviz.decoding.films import film_facts, film_frames, film_sound
from attnviz.decoding.messages import Facts, Message
from attnviz.decoding.pool import SETTINGS
from attnviz.decoding.stills import moves, open_still, picture_message
from attnviz.errors import AttnvizError
from attnviz.pictures.presentation import AS_USUAL, Presentation

Task = Callable[[bytes, Facts], Message]


def _still(source: bytes, facts: Facts) -> Message:
    presentation, longest = Presentation.parse(*facts["texts"]), facts["longest"]
    if presentation == AS_USUAL:
        return picture_message(open_still(source, facts["name"], longest))
    found = open_chosen(source, facts["name"], facts["checksum"], presentation)
    return picture_message(found if longest is None else found.reduced(longest))


def _choices(source: bytes, facts: Facts) -> Message:
    found = choices_in(source, facts["name"])
    return Message({"choices": None if found is None else found.facts()})


def _moves(source: bytes, facts: Facts) -> Message:
    del facts
    return Message({"moves": moves(source)})


TASKS: Mapping[str, Task] = {
    "still": _still,
    "choices": _choices,
    "moves": _moves,
    "film": film_facts,
    "sound": film_sound,
}
STREAMS: Mapping[str, Callable[[bytes, Facts], Iterator[Message]]] = {"frames": film_frames}
END = Message({"end": True})
"""What follows the last answer of a stream."""


def answers_to(request: Message) -> Iterator[Message]:
    """Do what is asked; what goes wrong on purpose is in the last answer."""
    facts = request.facts
    for variable in SETTINGS:
        os.environ[variable] = facts["settings"].get(variable, "")
    try:
        source = bytes(request.parts[0])
        if (stream := STREAMS.get(facts["task"])) is not None:
            yield from stream(source, facts)
            yield END
        else:
            yield TASKS[facts["task"]](source, facts)
    except MemoryError:
        yield Message({"needs": "memory"})
    except AttnvizError as error:
        if isinstance(error.__cause__, MemoryError):
            yield Message({"needs": "memory"})
        else:
            yield Message({"error": str(error)})
