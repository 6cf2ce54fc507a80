// A small picture with three layers, as header, blob and scene.

import { deflateSync } from "node:zlib";

import { readMaps } from "../../../../attnviz/ui/components/base/js/scene.js";

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

// Shares of each layer's range, 2 x 2 cells of one byte, four bytes each.
const CODES = [
  [0, 255, 0, 0],
  [0, 51, 102, 255],
  [128, 128, 128, 128],
  [255, 0, 0, 0],
  [0, 0, 255, 255],
  [9, 9, 9, 9],
];

const layer = (name, at, low, high, more = {}) => ({
  name,
  rows: 2,
  columns: 2,
  low,
  high,
  mean: (low + high) / 2,
  flat: false,
  fused: false,
  bits: 8,
  at,
  ...more,
});

/** The header of a picture of 512 x 384 px, the left half of which the network did not see. */
export function header(changes = {}) {
  return {
    version: 1,
    id: "one",
    viewId: "net|1",
    view: { ...VIEW },
    title: "Attention",
    legend: "Made up.",
    shares: false,
    photo: { bytes: 3, width: 512, height: 384 },
    maps: { bytes: 0 },
    box: [0, 0.5, 1, 1],
    mattes: null,
    layers: [layer("a", 0, 1, 3), layer("b", 4, 2, 12), layer("c", 8, 5, 5, { flat: true })],
    ...changes,
  };
}

export const MATTES = { rows: 2, columns: 2, at: [12, 16, 20] };

export const blocks = () => Uint8Array.from(CODES.flat());

/** A scene as the renderer gets it, with a bitmap that is nothing but its size. */
export function scene(changes = {}) {
  const read = header(changes);
  return {
    ...readMaps(read, blocks()),
    bitmap: { width: read.photo.width, height: read.photo.height },
  };
}

/** The header's payload, as the server sends it. */
export function payload(changes = {}, photo = Uint8Array.of(0xff, 0xd8, 0xff)) {
  const maps = deflateSync(blocks());
  const made = { ...header(changes), maps: { bytes: maps.length } };
  made.photo = { id: `photo of ${made.id}`, ...made.photo, bytes: photo.length };
  const text = JSON.stringify(made);
  const start = 4 + Math.ceil(text.length / 4) * 4;
  const bytes = new Uint8Array(start + (photo.length && 4) + maps.length).fill(0x20);
  new DataView(bytes.buffer).setUint32(0, start - 4, true);
  bytes.set(new TextEncoder().encode(text), 4);
  bytes.set(photo, start);
  bytes.set(maps, start + (photo.length && 4));
  return bytes;
}

/** A colour table in which code i is (i, 255 - i, 7). */
export const table = () =>
  Uint8Array.from(
    { length: 768 },
    (_, i) => [Math.floor(i / 3), 255 - Math.floor(i / 3), 7][i % 3],
  );
