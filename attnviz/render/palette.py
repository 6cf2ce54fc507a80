"""Colours for objects that are distinguishable also with red-green colour blindness."""

from __future__ import annotations

Colour = tuple[int, int, int]

# Okabe & Ito 2008, "Color universal design", without black; sRGB.
OBJECT_COLOURS: tuple[Colour, ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (213, 94, 0),
    (204, 121, 167),
    (240, 228, 66),
    (0, 114, 178),
)


def object_colour(index: int) -> Colour:
    """Colour of the object `index`, from 0; colours repeat after seven."""
    return OBJECT_COLOURS[index % len(OBJECT_COLOURS)]


def css_colour(colour: Colour) -> str:
    """`(0, 158, 115)` -> `"#009e73"`."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def ink_on(colour: Colour) -> Colour:
    """Black or white, whichever has the larger contrast to `colour` (WCAG 2.2)."""
    light = luminance(colour) + 0.05
    return (0, 0, 0) if light / 0.05 >= 1.05 / light else (255, 255, 255)


def luminance(colour: Colour) -> float:
    """Relative luminance of an sRGB colour, 0..1 (WCAG 2.2)."""
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
