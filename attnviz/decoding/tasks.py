"""What a worker can be asked to do with a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from attnviz.decoding.choices import choices_in, last_stack, open_chosen
from attnviz.decoding.messages import Facts, Message
from attnviz.decoding.stills import moves, open_still, picture_message
from attnviz.errors import AttnvizError
from attnviz.pictures.limits import BYTES_VARIABLE, PIXELS_VARIABLE
from attnviz.pictures.presentation import AS_USUAL, Presentation

Task = Callable[[bytes, Facts], Message]
SETTINGS = (BYTES_VARIABLE, PIXELS_VARIABLE)
"""Variables that a worker goes by; they come with each file."""
_LAST: list[str] = []  # checksum of the file whose stack is kept


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


TASKS: Mapping[str, Task] = {"still": _still, "choices": _choices, "moves": _moves}


def done(request: Message) -> Message:
    """Do what is asked; what goes wrong on purpose is in the answer."""
    facts = request.facts
    if [facts["checksum"]] != _LAST:
        last_stack.cache_clear()
        _LAST[:] = [facts["checksum"]]
    for variable in SETTINGS:
        os.environ[variable] = facts["settings"].get(variable, "")
    try:
        return TASKS[facts["task"]](bytes(request.parts[0]), facts)
    except MemoryError:
        return Message({"needs": "memory"})
    except AttnvizError as error:
        if isinstance(error.__cause__, MemoryError):
            return Message({"needs": "memory"})
        return Message({"error": str(error)})
