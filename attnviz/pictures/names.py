"""File names as they may be shown: plain text, of bounded length, without hidden characters."""

from __future__ import annotations

import re
import unicodedata

MOST_CHARACTERS = 120
UNNAMED = "picture"
_TAIL = 20  # characters kept of the end, where the extension stands

# Control characters, invisible format characters (among them the ones that reverse the reading
# direction, so that gpj.exe looks like exe.jpg), halves of characters, and line separators.
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def base_name(path: str) -> str:
    """The last part of a path of any system as visible plain text of at most 120 characters.

    `<b>.jpg` stays `<b>.jpg`: whoever shows it escapes it. "picture" if nothing visible is left.
    """
    return visible(re.split(r"[\\/]", path)[-1]) or UNNAMED


def visible(text: str, most: int = MOST_CHARACTERS) -> str:
    """`text` without hidden characters; cut in the middle if it is longer than `most`."""
    # Cut first: what is handed in may be megabytes long. Hidden characters only make it shorter.
    bounded = text if len(text) <= 8 * most else text[: 4 * most] + text[-4 * most :]
    kept = "".join(one for one in bounded if unicodedata.category(one) not in _HIDDEN).strip()
    return kept if len(kept) <= most else kept[: most - _TAIL - 1] + "…" + kept[-_TAIL:]
