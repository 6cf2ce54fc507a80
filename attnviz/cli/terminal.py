"""Text on terminals that cannot show every character."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def accept_all_characters() -> None:
    r"""Let standard output and standard error write `\xe9` where they have no such character.

    File names need not be valid text, and terminals need not be UTF-8.
    """
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def path_text(path: Path) -> str:
    r"""Return a path as text of one line.

    Parameters
    ----------
    path
        Bytes that are no UTF-8 become `\xe9`; so do characters that would control the terminal.
    """
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
