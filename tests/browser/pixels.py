"""Pixels of a canvas in the browser, as arrays."""

from __future__ import annotations

import base64

import numpy as np
from playwright.sync_api import Locator, Page

# A string is by far the fastest way out of the browser.
_TOOLS = """
  const ofGl = (gl, width, height) => {
    const codes = new Uint8Array(4 * width * height);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, codes);
    return codes;
  };
  const coded = (codes) => {
    let text = "";
    for (let i = 0; i < codes.length; i += 8192) {
      text += String.fromCharCode(...codes.subarray(i, i + 8192));
    }
    return btoa(text);
  };
"""
_READ = """(canvas) => canvas.getContext("2d")
  .getImageData(0, 0, canvas.width, canvas.height).data"""


def bytes_of(where: Page | Locator, script: str, argument: object = None) -> np.ndarray:
    """uint8 [n]: what a JavaScript function gives back as an array of bytes.

    `ofGl(gl, width, height)` is there for it: RGBA as WebGL has just drawn it, rows from below.
    """
    whole = f"(...given) => {{ {_TOOLS} return coded(({script})(...given)); }}"
    return np.frombuffer(base64.b64decode(where.evaluate(whole, argument)), np.uint8)


def canvas_pixels(canvas: Locator) -> np.ndarray:
    """uint8 [H, W, 4] of a canvas with a 2D context, RGBA."""
    width, height = canvas.evaluate("(one) => [one.width, one.height]")
    return bytes_of(canvas, _READ).reshape(height, width, 4)
