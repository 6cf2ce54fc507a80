"""The one form of targets as text: of links, the command line, provenance and file names.

A kind's name stands before a colon, as in `contrast:cat|dog`; a class needs no prefix. Several
targets stand one after another, with a semicolon between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from attnviz.errors import TargetError
from attnviz.targets.base import TARGETS, Target, TextContext
from attnviz.targets.function import ScoreFunction
from attnviz.targets.single_class import Class

MOST = 12
_RESERVED = {"%": "%25", ";": "%3B", "|": "%7C"}


def escaped(text: str) -> str:
    """Return text in which the characters that separate targets are written as %25, %3B, %7C."""
    return "".join(_RESERVED.get(character, character) for character in text)


def split(text: str, separator: str) -> list[str]:
    """Return the stripped parts of a text between separators."""
    return [part.strip() for part in text.split(separator)]


def format_target(target: Target) -> str:
    """Return a target as text.

    Parameters
    ----------
    target
        Any.

    Returns
    -------
    str
        `parse_target` reads it, unless it was a function.

    Examples
    --------
    >>> format_target(Class("tabby")), format_target(Class("patch:x"))
    ('tabby', 'class:patch:x')
    """
    text = target.text() if target.inner else escaped(target.text())
    plain = isinstance(target, Class) and text.partition(":")[0] not in TARGETS
    return text if plain else f"{target.name}:{text}"


def format_targets(targets: Sequence[Target]) -> str:
    """Return several targets as one text."""
    return ";".join(map(format_target, targets))


def parse_target(text: str, context: TextContext) -> Target:
    """Return the target that a text means.

    Parameters
    ----------
    text
        As `format_target` writes it, or a label with any characters.
    context
        What the text may name.

    Returns
    -------
    Target

    Raises
    ------
    TargetError
        The text says nothing that its kind can be asked.
    """
    text = text.strip()
    if text in context.labels:
        return Class(text)
    kind, colon, rest = text.partition(":")
    if not colon or kind not in TARGETS:
        kind, rest = Class.name, text
    if not rest.strip():
        raise TargetError(f"{text!r} asks for nothing. Write what to look for, as in class:dog.")
    parse = TARGETS.get(kind).parse
    return parse(rest if "|" in rest else unquote(rest).strip(), context)


def parse_targets(text: str, context: TextContext) -> tuple[Target, ...]:
    """Return the targets of a text, one or several.

    Parameters
    ----------
    text, context
        As for `parse_target`.

    Returns
    -------
    tuple of Target

    Raises
    ------
    TargetError
        As `parse_target`, and where they are more than `MOST`.
    """
    if text in context.labels:
        return (Class(text),)
    return as_targets([parse_target(one, context) for one in split(text, ";")])


def as_target(given: Any) -> Target:
    """Return what was given in Python as a target.

    Parameters
    ----------
    given
        A target; an index or a label of a class, or the text of another kind; or a function.

    Returns
    -------
    Target
    """
    if isinstance(given, Target):
        return given
    if isinstance(given, str):
        kind, colon, _ = given.partition(":")
        return parse_target(given, TextContext()) if colon and kind in TARGETS else Class(given)
    if callable(given):
        return ScoreFunction(given)
    return Class(given)


def as_targets(given: Any) -> tuple[Target, ...]:
    """Return what was given in Python as targets.

    Parameters
    ----------
    given
        None, one target as for `as_target`, or a list or tuple of them, which compete.

    Returns
    -------
    tuple of Target
        Each once; empty for None.

    Raises
    ------
    TargetError
        None in the list, or more than `MOST`.
    """
    if given is None:
        return ()
    if not isinstance(given, (list, tuple)):
        return (as_target(given),)
    targets = tuple(dict.fromkeys(map(as_target, given)))
    if not targets or len(targets) > MOST:
        raise TargetError(
            f"Between 1 and {MOST} targets can compete for the focus, and {len(targets)} were "
            "given."
        )
    return targets
