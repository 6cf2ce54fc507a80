"""Pieces of HTML; every text in them is escaped here."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from html import escape

from attnviz.pictures.jpeg import jpeg
from attnviz.types import Pixels

_QUALITY = 85


def paragraph(text: str, style: str = "") -> str:
    """A paragraph, of a CSS class if `style` names one; nothing where there is no text."""
    return f"<p{_class(style)}>{escape(text)}</p>" if text else ""


def figure(caption: str, pixels: Pixels) -> str:
    """A picture, uint8 [H, W, 3], with its caption."""
    height, width = pixels.shape[:2]
    return (
        f'<figure><img alt="" width="{width}" height="{height}" '
        f'src="{picture_link(pixels)}"><figcaption>{escape(caption)}</figcaption></figure>'
    )


def picture_link(pixels: Pixels) -> str:
    """A picture, uint8 [H, W, 3], as the address that holds it: a JPEG."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg(pixels, _QUALITY)).decode()


def table(rows: Mapping[str, str]) -> str:
    """Names and values in two columns."""
    cells = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
        for name, value in rows.items()
    )
    return f"<table>{cells}</table>"


def bullets(sentences: Iterable[str]) -> str:
    """Sentences as a list; nothing where there are none."""
    points = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f"<ul>{points}</ul>" if points else ""


def section(title: str, *parts: str, style: str = "") -> str:
    """Parts, which are HTML already, below a heading."""
    return f"<section{_class(style)}><h3>{escape(title)}</h3>{''.join(parts)}</section>"


def _class(style: str) -> str:
    return f' class="{style}"' if style else ""
