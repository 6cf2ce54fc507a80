// Patches of a picture: their features as directions, where they lie, and how alike two of them are.

import { cellTo, inside } from "../../base/js/cells.js";

/**
 * @typedef {object} Patches
 * @property {number} rows
 * @property {number} columns
 * @property {number[]} box what the network saw: top, left, bottom, right, as shares of the picture
 * @property {number} width how many numbers a feature has
 * @property {Int8Array} codes a feature for each patch, row by row; its length means nothing
 * @property {Float64Array} lengths of those features
 */

/**
 * @param {import("../../base/js/blob.js").NamedArray} features rows x columns x width
 * @param {number[]} box
 * @returns {Patches}
 */
export function patchesOf({ shape: [rows, columns, width], data: codes }, box) {
  const lengths = Float64Array.from({ length: rows * columns }, (_, patch) => {
    const at = patch * width;
    return Math.sqrt(dot(codes, at, codes, at, width));
  });
  return { rows, columns, box, width, codes, lengths };
}

function dot(one, from, other, to, width) {
  let sum = 0;
  for (let k = 0; k < width; k++) sum += one[from + k] * other[to + k];
  return sum;
}

/** Cosines of a patch to all patches of a picture; 0 where a feature is all zeros. */
export function similarities(from, patch, to) {
  const { width } = from;
  const at = patch * width;
  return Float32Array.from(to.lengths, (length, other) => {
    const scale = from.lengths[patch] * length;
    return scale ? dot(from.codes, at, to.codes, other * width, width) / scale : 0;
  });
}

/** The patch with the highest value. */
export function nearest(values) {
  let best = 0;
  for (let patch = 1; patch < values.length; patch++) if (values[patch] > values[best]) best = patch;
  return best;
}

/** The patch at a point in 0..1 of the picture; null where the network does not see it. */
export function patchAt({ rows, columns, box: [top, left, bottom, right] }, x, y) {
  const down = (y - top) / (bottom - top);
  const across = (x - left) / (right - left);
  if (!(down >= 0 && down <= 1 && across >= 0 && across <= 1)) return null;
  return inside(Math.floor(down * rows), rows) * columns + inside(Math.floor(across * columns), columns);
}

/** Where a patch lies, in 0..1 of the picture. */
export function placeOf({ rows, columns, box: [top, left, bottom, right] }, patch) {
  const width = (right - left) / columns;
  const height = (bottom - top) / rows;
  return { x: left + (patch % columns) * width, y: top + Math.floor(patch / columns) * height, width, height };
}

/** The patch that a key leads to, or null where it leads nowhere. */
export function stepped(key, { rows, columns }, patch) {
  const to = cellTo(key, [Math.floor(patch / columns), patch % columns], rows, columns);
  return to && to[0] * columns + to[1];
}
