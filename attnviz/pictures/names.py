"""File names made safe to show: plain text of bounded length without hidden characters."""

from __future__ import annotations

import re
import unicodedata

PICTURE_SUFFIXES = frozenset(
    [
        *(".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"),
        *(".heic", ".heif", ".avif", ".pbm", ".pgm", ".ppm", ".dcm", ".nii"),
    ]
)
MOST_CHARACTERS = 120
UNNAMED = "picture"
# Characters that file systems or shells refuse in names.
_RESERVED = re.compile(r'[<>:"/\\|?*]+')
_LONGEST_STEM = 60
_TAIL = 20  # characters retained of the end, which has the extension

# Control characters, invisible format characters (among them the ones that reverse the reading
# direction, so that gpj.exe looks like exe.jpg), halves of characters, and line separators.
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def base_name(path: str) -> str:
    """The last part of a path of any system, as visible plain text of at most 120 characters.

    It is not escaped for HTML or Markdown. "picture" if nothing visible is left.
    """
    return visible(re.split(r"[\\/]", path)[-1]) or UNNAMED


def visible(text: str, most: int = MOST_CHARACTERS) -> str:
    """`text` without hidden characters; cut in the middle if it is longer than `most`."""
    # Cut first: the text may be megabytes long, and removing characters only shortens it.
    bounded = text if len(text) <= 8 * most else text[: 4 * most] + text[-4 * most :]
    shown = "".join(c for c in bounded if unicodedata.category(c) not in _HIDDEN).strip()
    return shown if len(shown) <= most else shown[: most - _TAIL - 1] + "…" + shown[-_TAIL:]


def file_stem(name: str) -> str:
    """A photo's name without its suffix, as the beginning of other files' names on any system.

    Examples
    --------
    >>> file_stem("IMG 0042.JPG"), file_stem("a/b: c?.png"), file_stem("...")
    ('IMG 0042', 'b- c-', 'picture')
    """
    shown = base_name(name)
    stem, dot, suffix = shown.rpartition(".")
    if not dot or f".{suffix.lower()}" not in PICTURE_SUFFIXES:
        stem = shown
    return visible(_RESERVED.sub("-", stem), _LONGEST_STEM).strip(". ") or UNNAMED


def file_part(text: str) -> str:
    """What was asked for, as a part of file names on any system; empty for nothing.

    Examples
    --------
    >>> file_part("contrast:tiger cat|dog"), file_part("patch:.4,.6"), file_part("")
    ('contrast-tiger-cat-dog', 'patch-.4,.6', '')
    """
    return visible(_RESERVED.sub("-", text).replace(" ", "-"), _LONGEST_STEM).strip(". ")
