// What a grid is sent, made by hand: its colours, its pictures and its maps.

import { deflateSync } from "node:zlib";

import { packed } from "../base/blobs.js";

export const HOSTILE = `<img src=x onerror="alert(1)">`;
export const TABLE = Uint8Array.from({ length: 768 }, (_, index) => Math.floor(index / 3));
export const BASE64 = Buffer.from(TABLE).toString("base64");
export const SHARP = [100, 150, 200, 255];

/** The viewer's blob of a picture of 4 x 2 px with layers of 1 x 2 cells: [low, high] each. */
export function sceneBlob(layers) {
  const name = (index) => `layer ${index}`;
  const arrays = layers.map((_, index) => [name(index), { values: [0, 255], shape: [1, 2] }]);
  const maps = deflateSync(packed({}, Object.fromEntries(arrays)));
  const header = {
    id: "scene", photo: { width: 4, height: 2 }, box: [0, 0, 1, 1], mattes: null,
    layers: layers.map(([low, high], index) => ({
      name: name(index), values: name(index), low, high, mean: (low + high) / 2,
      flat: low === high, fused: false,
    })),
  };
  return packed(header, { photo: [1, 2, 3, 4], maps });
}

/** A grid of two rows and two columns: two full cells on the left, sentences on the right. */
export function gridBlob({ id = "grid", viewId = "v|0", view = {}, offset = 0 } = {}) {
  const arrays = {};
  const add = (raw) => {
    const name = `cell ${Object.keys(arrays).length}`;
    arrays[name] = raw;
    return name;
  };
  const full = (key, layers, stops) => ({
    key, look: "attention", what: `Relevance for ${HOSTILE}`, method: "Rollout", depth: layers.length,
    layers: stops, means: layers.map(([low, high]) => (low + high) / 2),
    ranges: {
      row: stops.map(() => [0, 8]), all: stops.map(() => [0, 16]),
      even: stops.map((at) => [0, layers[at][1]]), cell: stops.map((at) => layers[at]),
    },
    id: key, scene: add(sceneBlob(layers)),
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
  return packed(header, arrays, offset);
}

/** Two cells of the grid that were compared. */
export function pairBlob(pair = {}) {
  const found = {
    "1,0": { says: ["Rank correlation +0.50", "Top 0.30"], box: [0, 0, 1, 1] },
    "2,0": { sentence: "A is flat." },
  };
  const difference = { values: Int8Array.of(127, -127), shape: [1, 2] };
  return packed({ grid: "grid", a: "one/a", b: "two/a", note: "", found, ...pair }, { "1,0": difference });
}
