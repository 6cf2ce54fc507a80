"""What the page over a set loads bit by bit: scripts, since a page on a disk reads no files."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence

from attnviz.batch.small_pictures import ShownFocus, ShownPicture

LIVE_EACH = 16
"""Pictures of a part that one script holds for the viewer."""


def page_scripts(
    number: int, small: Sequence[ShownPicture | None], live: Sequence[bytes | None]
) -> dict[str, str]:
    """Return the scripts of a part.

    Parameters
    ----------
    number
        Of the part.
    small, live
        From `shown_picture` and `live_picture`, in order; None where there is nothing to show.

    Returns
    -------
    dict of str to str
        By their names without a suffix, below `index`.
    """
    scripts = {part_name(number): _script(part_name(number), small)}
    for begin in range(0, len(live), LIVE_EACH):
        some = live[begin : begin + LIVE_EACH]
        name = f"live/{part_name(number)}-{begin // LIVE_EACH:02}"
        coded = [None if one is None else base64.b64encode(one).decode("ascii") for one in some]
        if any(coded):
            scripts[name] = _script(name, coded)
    return scripts


def other_script(number: int, focuses: Sequence[ShownFocus | None]) -> tuple[str, str]:
    """Return name and text of the script with another network's focus of a part's pictures."""
    name = f"other/{part_name(number)}"
    return name, _script(name, focuses)


def part_name(number: int) -> str:
    """Return what the files of a part are called."""
    return f"{number:06}"


def _script(name: str, content: object) -> str:
    return f"attnvizShard({json.dumps(name)}, {json.dumps(content)});\n"
