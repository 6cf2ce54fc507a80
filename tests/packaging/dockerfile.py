"""What the Dockerfile's last stage sets and starts: a test does the same without an image."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from typing import Self

from tests.paths import ROOT


@dataclass(frozen=True)
class ImageSteps:
    """The last stage of the Dockerfile: its variables, user, command and health check."""

    variables: dict[str, str]
    user: str
    command: list[str]
    health: list[str]

    @classmethod
    def read(cls) -> Self:
        text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
        stage = text.rpartition("\nFROM ")[2]
        instructions = [line.split(maxsplit=1) for line in stage.splitlines()[1:] if line.strip()]
        found = dict(instructions)
        variables = dict(word.split("=", 1) for word in shlex.split(found["ENV"]))
        health = re.search(r"CMD (\[.*\])", found["HEALTHCHECK"])
        assert health is not None
        return cls(variables, found["USER"], json.loads(found["CMD"]), json.loads(health[1]))
