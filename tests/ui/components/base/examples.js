// A small picture with three layers, as header, blob and scene.

import { deflateSync } from "node:zlib";

import { unpack } from "../../../../attnviz/ui/components/base/js/blob.js";
import { readMaps } from "../../../../attnviz/ui/components/base/js/scene.js";
import { packed } from "./blobs.js";

export const HOSTILE = `<img src=x onerror="alert(1)">`;

export const VIEW = Object.freeze({
  layer: "b",
  mode: "side",
  radius: 0.024,
  threshold: 0.25,
  softness: 0.5,
  scale: "layer",
  outline: false,
  aperture: "disc",
  highlights: 0,
  colours: "inferno",
  opacity: 0.6,
  blend: true,
  speed: 2,
  left: "bokeh",
  right: "heat",
  wipe: 0.5,
});

// Shares of each layer's range, and of each matte, 2 x 2 cells of one byte.
const CODES = [
  [0, 255, 0, 0],
  [0, 51, 102, 255],
  [128, 128, 128, 128],
  [255, 0, 0, 0],
  [0, 0, 255, 255],
  [9, 9, 9, 9],
];

const layer = (name, index, low, high, more = {}) => ({
  name,
  values: `layer ${index}`,
  low,
  high,
  mean: (low + high) / 2,
  flat: false,
  fused: false,
  ...more,
});

/** The header of a picture of 512 x 384 px, the left half of which the network did not see. */
export function header(changes = {}) {
  return {
    id: "one",
    viewId: "net|1",
    view: { ...VIEW },
    title: "Attention",
    legend: "Made up.",
    shares: false,
    photo: { width: 512, height: 384 },
    box: [0, 0.5, 1, 1],
    mattes: null,
    layers: [layer("a", 0, 1, 3), layer("b", 1, 2, 12), layer("c", 2, 5, 5, { flat: true })],
    ...changes,
  };
}

/** The names of the mattes, for a header. */
export const MATTES = ["matte 0", "matte 1", "matte 2"];

/** The blob of maps and mattes, before it is compressed. */
export const maps = () =>
  packed({}, Object.fromEntries(CODES.map((values, index) => [
    index < 3 ? `layer ${index}` : MATTES[index - 3], { values, shape: [2, 2] },
  ])));

/** A scene as the renderer gets it, with a bitmap that is nothing but its size. */
export function scene(changes = {}) {
  const read = header(changes);
  return {
    ...readMaps(read, unpack(maps())),
    bitmap: { width: read.photo.width, height: read.photo.height },
  };
}

/** The payload, as the server sends it. */
export function payload(changes = {}, photo = Uint8Array.of(0xff, 0xd8, 0xff)) {
  const made = header(changes);
  made.photo = { id: `photo of ${made.id}`, ...made.photo };
  return packed(made, { photo, maps: deflateSync(maps()) });
}

/** A colour table in which code i is (i, 255 - i, 7). */
export const table = () =>
  Uint8Array.from(
    { length: 768 },
    (_, i) => [Math.floor(i / 3), 255 - Math.floor(i / 3), 7][i % 3],
  );
