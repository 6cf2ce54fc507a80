"""What Python makes of pictures, maps and numbers, written down for the browser's side to match."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from attnviz.pictures.geometry import Fit, PictureGeometry, fit_picture
from attnviz.render.disc_blur import spread_weight
from attnviz.render.focus import FocusSettings, Scale, focus_map, sharp_share
from attnviz.render.heat import colour_table
from attnviz.ui.components.viewer import Content, Layer, Payload, View, pack
from attnviz.viewer.blob import unpack_blob

# 256 px on the longer side: the browser keeps its maps at exactly this picture's pixels.
SIZE = (180, 256)
FITS = {"squash": Fit.SQUASH, "crop": Fit.CROP}
# Threshold and softness, gradual and steep.
CURVES = ((0.25, 0.5), (0.5, 1.0), (0.7, 0.05), (0.9, 0.1))
# Points of the picture at which values are written down; all would be a file of 40 MB.
STRIDE = 7


def write(folder: Path) -> None:
    """Write `expected.json` and the binary files that it names."""
    cases = {f"{name} {kind}": content(fit, kind) for name, fit in FITS.items() for kind in KINDS}
    facts: dict[str, Any] = {
        "spreads": [spreads(*one) for one in GRIDS],
        "weights": weights(),
        "colours": colour_table("inferno").ravel().tolist(),
        "view": View().to_json(),
        "contents": {},
    }
    np.arange(1 << 16, dtype="<u2").view("<f2").astype("<f4").tofile(folder / "halves.bin")
    for name, one in cases.items():
        payload = pack(one)
        (folder / f"{name}.bin").write_bytes(payload.to_bytes(View().to_json(), "net|1"))
        facts["contents"][name] = described(one, payload)
    (folder / "expected.json").write_text(json.dumps(facts), encoding="utf-8")


def maps(kind: str) -> list[Layer]:
    """Layers for every rule: even and crowded, flat and empty, negative, oblong, fused."""
    random = np.random.default_rng(5)
    even = random.random((7, 7)).astype(np.float32)
    crowded = np.where(random.random((14, 14)) > 0.8, random.random((14, 14)) ** 2, 0.001)
    if kind == "all flat":
        return [Layer("one", np.full((3, 3), 0.25, np.float32)), Layer("none", np.zeros((2, 5)))]
    layers = [
        Layer("even", even),
        Layer("crowded", 2 * crowded.astype(np.float32) + 0.125),
        Layer("against", 2 * even - 1),
        Layer("nearly flat", 0.8 + 0.01 * even),
        Layer("oblong", random.random((3, 11)).astype(np.float32) * 0.25 + 0.5),
        Layer("all layers", 3 * even.T, fused=True),
    ]
    return [layer for layer in layers if kind == "many" or layer.name in ("even", "crowded")]


KINDS = ("many", "two", "all flat")


def content(fit: Fit, kind: str) -> Content:
    """The layers of that kind for a picture of which the network saw all, or the middle."""
    random = np.random.default_rng(3)
    pixels = random.integers(0, 255, (*SIZE, 3)).astype(np.uint8)
    geometry = fit_picture(SIZE, 224, fit, resize=256)
    layers = maps(kind)
    mattes = [random.random(SIZE).astype(np.float32) for _ in layers] if kind == "two" else None
    return Content(pixels, geometry, layers, "Attention", "Made up.", True, mattes)


def described(one: Content, payload: Payload) -> dict[str, Any]:
    """For every layer: its shares as packed, and its focus on every scale and curve."""
    _, arrays = unpack_blob(zlib.decompress(payload.maps))
    entries = payload.header["layers"]
    shared = [entry for entry in entries if not entry["fused"]]
    ends = (min(entry["low"] for entry in shared), max(entry["high"] for entry in shared))
    layers = []
    for layer, entry in zip(one.layers, entries, strict=True):
        shares = unpacked(arrays[entry["values"]])
        values = entry["low"] + (entry["high"] - entry["low"]) * shares
        # What was rounded to a step of 8 bits may not be called flat where the map itself is not.
        rounded = np.maximum(layer.values, 0) if entry["flat"] else values
        layers.append(
            {
                "shares": shares.ravel().tolist(),
                "exact": np.maximum(np.asarray(layer.values, np.float32), 0).ravel().tolist(),
                "focus": [focused(rounded, one.geometry, layer, scale, ends) for scale in Scale],
            }
        )
    mattes = payload.header["mattes"]
    return {
        "layers": layers,
        "mattes": [arrays[name].ravel().tolist() for name in mattes] if mattes else None,
    }


def unpacked(codes: np.ndarray) -> np.ndarray:
    """A layer's shares as NumPy reads them."""
    return codes.astype(np.float64) / (1 if codes.dtype == np.float16 else 255)


def focused(
    values: np.ndarray,
    geometry: PictureGeometry,
    layer: Layer,
    scale: Scale,
    ends: tuple[float, float],
) -> dict[str, Any]:
    """The scaled map and the focus at some pixels; a fused layer has a scale of its own."""
    own = Scale.LAYER if layer.fused else scale
    found = []
    for threshold, softness in CURVES:
        settings = FocusSettings(threshold, softness, own)
        shared = ends if own is Scale.ALL_LAYERS else None
        focus = focus_map(values, geometry, settings, value_range=shared)
        found.append(
            {
                "threshold": threshold,
                "softness": softness,
                "values": focus.values[::STRIDE, ::STRIDE].ravel().tolist(),
                "share": sharp_share(focus),
            }
        )
    scaled = focus.scaled[::STRIDE, ::STRIDE].ravel().tolist()
    return {
        "scale": scale.value,
        "scaled": scaled,
        "ends": [focus.low, focus.high],
        "curves": found,
    }


# Grids and the picture they are spread over: (seed, rows, columns, height, width, box).
GRIDS = (
    (0, 7, 7, 32, 48, (0.0, 0.0, 32.0, 48.0)),
    (1, 14, 14, 33, 29, (2.25, 1.75, 30.5, 26.125)),
    (2, 1, 5, 9, 40, (0.0, 0.0, 9.0, 40.0)),
    (3, 30, 20, 11, 13, (0.0, 0.0, 11.0, 13.0)),
    (4, 1, 1, 4, 4, (1.0, 1.0, 3.0, 3.0)),
)


def spreads(
    seed: int, rows: int, columns: int, height: int, width: int, box: tuple[float, ...]
) -> dict[str, Any]:
    """A grid and what `PictureGeometry.spread` makes of it; -1 where nothing was seen."""
    grid = np.random.default_rng(seed).random((rows, columns)).astype(np.float32)
    geometry = PictureGeometry((height, width), box, (224, 224))  # type: ignore[arg-type]
    top, left, bottom, right = box
    return {
        "grid": grid.ravel().tolist(),
        "size": [rows, columns, height, width],
        "box": [top / height, left / width, bottom / height, right / width],
        "values": geometry.spread(grid, outside=-1.0).ravel().tolist(),
    }


def weights() -> list[list[float]]:
    """Triples (source, own, weight) of `spread_weight`."""
    sources = np.linspace(0, 24, 97, dtype=np.float32)
    triples = []
    for own in (0.5, 1.0, 3.7, 24.0):
        counted = spread_weight(sources, own)
        triples += [[float(s), own, float(w)] for s, w in zip(sources, counted, strict=True)]
    return triples
