// Pixels of a cell: heat over a photo, or a difference. RGBA in, RGBA out.

import { sample } from "../../base/js/maps.js";

// Heat keeps this share of its brightness over black parts of a photo, as on the server.
const LEAST_SHADE = 0.35;
export const OPACITY = 0.6;

/** Heat over a photo, as the server's `heat_overlay`; `shares` are 0..1, `table` is 256 x RGB. */
export function heatPixels(photo, shares, table, opacity = OPACITY) {
  const made = new Uint8ClampedArray(photo.length);
  for (let i = 0; i < shares.length; i++) {
    const at = 4 * i;
    const grey = 0.299 * photo[at] + 0.587 * photo[at + 1] + 0.114 * photo[at + 2];
    const shade = opacity * (LEAST_SHADE + ((1 - LEAST_SHADE) / 255) * grey);
    const from = 3 * Math.round(255 * shares[i]);
    for (let k = 0; k < 3; k++) made[at + k] = photo[at + k] * (1 - opacity) + table[from + k] * shade;
    made[at + 3] = 255;
  }
  return made;
}

/**
 * A difference over the photo it belongs to, in colours with a neutral middle: `values` are -1..1,
 * rows x columns over the part `box` of the picture; outside it the photo is seen alone.
 */
export function differencePixels(photo, [width, height], { values, rows, columns, box }, table) {
  const [top, left, bottom, right] = box;
  const made = new Uint8ClampedArray(photo);
  const shares = new Float32Array(1);
  for (let row = 0; row < height; row++) {
    const y = ((row + 0.5) / height - top) / (bottom - top);
    if (y < 0 || y > 1) continue;
    for (let column = 0; column < width; column++) {
      const x = ((column + 0.5) / width - left) / (right - left);
      if (x < 0 || x > 1) continue;
      shares[0] = 0.5 + 0.5 * sample(values, rows, columns, x, y);
      const at = 4 * (row * width + column);
      made.set(heatPixels(photo.subarray(at, at + 4), shares, table, 0.85), at);
    }
  }
  return made;
}
