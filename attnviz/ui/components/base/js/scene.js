// A payload made ready to be drawn: the photo decoded, every map brought to the picture.

import { focusOf, stretch } from "./optics.js";
import { mapSize, sample, spread } from "./maps.js";
import { inflate, shares, unpack } from "./blob.js";
import { LastPhoto } from "./photo.js";
import { focusFacts } from "./words.js";

const COARSE = 64;

/**
 * A picture with its maps, ready to be drawn.
 *
 * @typedef {object} Scene
 * @property {Record<string, any>} header
 * @property {number} rows of each plane
 * @property {number} columns
 * @property {Float32Array[]} planes a map for each layer, shares of its range, over the picture
 * @property {Float32Array[] | null} mattes
 * @property {number} matteRows
 * @property {number} matteColumns
 * @property {ImageBitmap} [bitmap]
 * @property {Uint8Array<ArrayBuffer>[] | null} [frames] of a video, a coded picture for each layer
 */

/**
 * The scene in a payload; null if its photo was neither sent nor is the last one.
 *
 * @param {Uint8Array} bytes
 * @returns {Promise<Scene | null>}
 */
export async function readScene(bytes, last = new LastPhoto()) {
  const { header, array } = unpack(bytes);
  const decoding = last.take(header.photo, array("photo").data);
  if (!decoding) return null;
  const { frames } = last; // before the wait: another photo may come meanwhile
  const [bitmap, maps] = await Promise.all([decoding, inflate(array("maps").data)]);
  return { ...readMaps(header, unpack(maps)), bitmap, frames };
}

/**
 * The part of a scene that needs no browser: maps and mattes as planes over the picture.
 *
 * @param {Record<string, any>} header
 * @param {Pick<import("./blob.js").PackedBlob, "array">} maps
 * @returns {Scene}
 */
export function readMaps(header, { array }) {
  const { columns, rows } = mapSize(header.photo.width, header.photo.height);
  const planes = header.layers.map(({ values }) => {
    const grid = array(values);
    return spread(shares(grid), grid.shape[0], grid.shape[1], header.box, rows, columns);
  });
  const mattes = header.mattes?.map(array) ?? null;
  const [matteRows, matteColumns] = mattes?.[0].shape ?? [0, 0];
  return { header, rows, columns, planes, mattes: mattes && mattes.map(shares), matteRows, matteColumns };
}

/**
 * A layer's value on the chosen scale, 0..1, as a function of (x, y) in 0..1 of the picture.
 *
 * @param {Scene} scene
 * @param {number} index of the layer
 * @param {string} scale
 * @param {{ even?: number, matte?: boolean }} options `even`: see `stretch`. `matte`: the layer's
 *   object instead of its map, where there is one
 * @returns {(x: number, y: number) => number}
 */
export function scaledMap(scene, index, scale, { even, matte = false } = {}) {
  const { layers, box } = scene.header;
  const [factor, offset] = stretch(layers[index], layers, scale, even);
  if (factor === 0) return () => offset;
  const [top, left, bottom, right] = box;
  const snapped = matte && scene.mattes;
  const plane = snapped ? scene.mattes[index] : scene.planes[index];
  const rows = snapped ? scene.matteRows : scene.rows;
  const columns = snapped ? scene.matteColumns : scene.columns;
  return (x, y) => {
    if (y < top || x < left || y > bottom || x > right) return 0;
    return Math.min(Math.max(sample(plane, rows, columns, x, y) * factor + offset, 0), 1);
  };
}

/** A layer's absolute value at a point, null where the network did not see the picture. */
export function valueAt(scene, index, x, y) {
  const [top, left, bottom, right] = scene.header.box;
  if (y < top || x < left || y > bottom || x > right) return null;
  const { low, high } = scene.header.layers[index];
  return low + (high - low) * sample(scene.planes[index], scene.rows, scene.columns, x, y);
}

/** How much of the picture is in focus, and where: {share, x, y}. */
export function focusOfView(scene, index, view) {
  const rows = Math.min(COARSE, scene.rows);
  const columns = Math.min(COARSE, scene.columns);
  const options = { even: view.threshold, matte: view.outline };
  const scaled = scaledMap(scene, index, view.scale, options);
  const plane = new Float32Array(rows * columns);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const value = scaled((x + 0.5) / columns, (y + 0.5) / rows);
      plane[y * columns + x] = focusOf(value, view.threshold, view.softness);
    }
  }
  return focusFacts(plane, rows, columns);
}

/** A small picture of a layer's map for the filmstrip: RGBA codes, width x height. */
export function thumbnail(scene, index, view, table, width, height) {
  const codes = new Uint8ClampedArray(4 * width * height);
  const scaled = scaledMap(scene, index, view.scale);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const colour = 3 * Math.round(255 * scaled((x + 0.5) / width, (y + 0.5) / height));
      codes.set([table[colour], table[colour + 1], table[colour + 2], 255], 4 * (y * width + x));
    }
  }
  return codes;
}
