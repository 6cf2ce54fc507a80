// What a grid is sent, made by hand: its colours, its pictures and its maps.

import { deflateSync } from "node:zlib";

export const HOSTILE = `<img src=x onerror="alert(1)">`;
export const TABLE = Uint8Array.from({ length: 768 }, (_, index) => Math.floor(index / 3));
export const BASE64 = Buffer.from(TABLE).toString("base64");
export const SHARP = [100, 150, 200, 255];

/** The viewer's blob of a picture of 4 x 2 px with layers of 1 x 2 cells: [low, high] each. */
export function sceneBlob(layers) {
  const blocks = Uint8Array.from(layers.flatMap(() => [0, 255, 0, 0]));
  const maps = deflateSync(blocks);
  const header = {
    id: "scene", photo: { bytes: 4, width: 4, height: 2 }, maps: { bytes: maps.length }, box: [0, 0, 1, 1],
    mattes: null,
    layers: layers.map(([low, high], index) => ({
      name: `layer ${index}`, rows: 1, columns: 2, low, high, mean: (low + high) / 2,
      flat: low === high, fused: false, bits: 8, at: 4 * index,
    })),
  };
  let text = JSON.stringify(header);
  text = text.padEnd(4 * Math.ceil(text.length / 4));
  const bytes = new Uint8Array(4 + text.length + 4 + maps.length);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(new TextEncoder().encode(text), 4);
  bytes.set(maps, 8 + text.length);
  return bytes;
}

/** A grid of two rows and two columns: two full cells on the left, sentences on the right. */
export function gridBlob({ id = "grid", viewId = "v|0", view = {}, offset = 0 } = {}) {
  const parts = [];
  let size = 0;
  const add = (raw) => {
    parts.push(raw);
    size += raw.length;
    return [size - raw.length, raw.length];
  };
  const full = (key, layers, stops) => ({
    key, look: "attention", what: `Relevance for ${HOSTILE}`, method: "Rollout", depth: layers.length,
    layers: stops, means: layers.map(([low, high]) => (low + high) / 2),
    ranges: {
      row: stops.map(() => [0, 8]), all: stops.map(() => [0, 16]),
      even: stops.map((at) => [0, layers[at][1]]), cell: stops.map((at) => layers[at]),
    },
    id: key, at: add(sceneBlob(layers)),
  });
  const empty = (key) => ({ key, look: "decision", what: "Relevance", sentence: `None: ${HOSTILE}` });
  const cells = [
    full("one/a", [[0, 4], [2, 8], [4, 4]], [0, 1, 2, 1]), empty("one/d"),
    full("two/a", [[1, 2]], [0, 0, 0, 0]), empty("two/d"),
  ];
  const header = {
    id, viewId, stops: 3, columns: ["Attends?", "Rests?"], cells,
    rows: [{ title: HOSTILE, says: ["church 0.83"], photo: "" }, { title: "Two", says: [], photo: "b.jpg" }],
    scales: ["row", "all", "even", "cell"].map((name) => ({ name, title: `T ${name}`, note: `N ${name}` })),
    focus: { threshold: 0.25, softness: 0.5, radius: 0.03 },
    view: { best: true, depth: 1, shown: "map", scale: "row", a: "one/a", b: "two/a", ...view },
  };
  return blobOf(header, parts, offset);
}

/** Two cells of the grid that were compared. */
export function pairBlob(pair = {}) {
  const found = {
    "1,0": { says: ["Rank correlation +0.50", "Top 0.30"], rows: 1, columns: 2, box: [0, 0, 1, 1], at: [0, 2] },
    "2,0": { sentence: "A is flat." },
  };
  return blobOf({ grid: "grid", a: "one/a", b: "two/a", note: "", found, ...pair }, [Uint8Array.of(127, 129)], 0);
}

export function blobOf(header, parts, offset) {
  const size = parts.reduce((sum, { length }) => sum + length, 0);
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(offset + 4 + text.length + size);
  new DataView(bytes.buffer).setUint32(offset, text.length, true);
  bytes.set(text, offset + 4);
  let at = offset + 4 + text.length;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes.subarray(offset);
}
