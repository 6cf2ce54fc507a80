"""The process that opens strangers' files: `python -m attnviz.decoding.worker LIMITS`.

It reads requests from its input and writes answers to its output until the input ends, as it does
when the app has ended. All requests are about one file. Of the app's memory and environment it has
nothing, such as keys, and on Linux it can read neither those of a hosted app nor of another worker.
It is the same user's process, though, and reads the files that this user may read.
"""

from __future__ import annotations

import json
import os
import sys

from attnviz.decoding.boundaries import bound_memory, bound_time
from attnviz.decoding.limits import DecodingLimits
from attnviz.decoding.messages import Message, read_message, write_message
from attnviz.decoding.tasks import answers_to
from attnviz.private_memory import hide_memory

MOST_SENT = 2**30  # bytes of a file; what a picture may have is checked with the picture


def serve(limits: DecodingLimits) -> None:
    """Answer requests until there are no more, or one took all memory."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get between the answers
    hide_memory()
    bound_memory(limits)
    write_message(answers, Message({"ready": True}))
    while True:
        bound_time(limits)
        request = read_message(requests, MOST_SENT)
        if request is None:
            return
        for answer in answers_to(request):
            write_message(answers, answer)
            if "needs" in answer.facts:  # what was allocated is not all given back: begin anew
                return
            bound_time(limits)  # of a video each frame has as much as a photo
        del request, answer  # the next answer needs the room


if __name__ == "__main__":
    serve(DecodingLimits(**json.loads(sys.argv[1])))
