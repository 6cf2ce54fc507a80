"""Wordings of a prompt in several languages, whose mean is steadier than one of them.

A prompt stands in them as it is written, with its article and case, because what these are depends
on the noun: "{} on a photo" can be said of "a dog" and of "dogs", and "the {}" of neither. So each
language has only sentences that take any noun phrase unchanged, the bare phrase first.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wordings:
    """The wordings of one language.

    Attributes
    ----------
    language
        Its name in English.
    templates
        Captions in which `{}` stands for the prompt.
    """

    language: str
    templates: tuple[str, ...]


WORDINGS = {
    "en": Wordings("English", ("{}.", "a photo of {}.", "{} in a photo.", "a close-up of {}.")),
    "ar": Wordings("Arabic", ("{}.", "صورة: {}.", "{} في صورة.", "لقطة مقربة: {}.")),
    "de": Wordings("German", ("{}.", "Foto: {}.", "{} auf einem Foto.", "Nahaufnahme: {}.")),
    "es": Wordings("Spanish", ("{}.", "foto: {}.", "{} en una foto.", "primer plano: {}.")),
    "fr": Wordings("French", ("{}.", "photo : {}.", "{} sur une photo.", "gros plan : {}.")),
    "it": Wordings("Italian", ("{}.", "foto: {}.", "{} in una foto.", "primo piano: {}.")),
    "ja": Wordings("Japanese", ("{}。", "{}の写真。", "写真に写った{}。", "{}のクローズアップ。")),
    "ko": Wordings("Korean", ("{}.", "{} 사진.", "사진 속 {}.", "{} 클로즈업.")),
    "nl": Wordings("Dutch", ("{}.", "foto: {}.", "{} op een foto.", "close-up: {}.")),
    "pl": Wordings("Polish", ("{}.", "zdjęcie: {}.", "{} na zdjęciu.", "zbliżenie: {}.")),
    "pt": Wordings("Portuguese", ("{}.", "foto: {}.", "{} em uma foto.", "close-up: {}.")),
    "ru": Wordings("Russian", ("{}.", "фото: {}.", "{} на фото.", "крупный план: {}.")),
    "tr": Wordings("Turkish", ("{}.", "fotoğraf: {}.", "fotoğrafta {}.", "yakın çekim: {}.")),
    "zh": Wordings("Chinese", ("{}。", "{}的照片。", "照片中的{}。", "{}的特写。")),
}
"""By the language's code (ISO 639-1)."""
AS_WRITTEN = ("{}",)
"""No wording but the user's own."""


def templates_of(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the templates that a language's code stands for, or the parts themselves.

    Parameters
    ----------
    parts
        A code alone, or templates; may be empty.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> templates_of(("nl",))
    ('{}.', 'foto: {}.', '{} op een foto.', 'close-up: {}.')
    >>> templates_of(()), templates_of(("my {}",))
    (('{}',), ('my {}',))
    """
    known = WORDINGS.get(parts[0].strip()) if len(parts) == 1 else None
    return known.templates if known else parts or AS_WRITTEN


def parts_of(templates: tuple[str, ...]) -> tuple[str, ...]:
    """Return what `templates_of` turns into these templates: a language's code where there is one.

    Examples
    --------
    >>> parts_of(WORDINGS["de"].templates), parts_of(("my {}",)), parts_of(AS_WRITTEN)
    (('de',), ('my {}',), ())
    """
    if templates == AS_WRITTEN:
        return ()
    codes = (code for code, one in WORDINGS.items() if one.templates == templates)
    code = next(codes, None)
    return templates if code is None else (code,)
