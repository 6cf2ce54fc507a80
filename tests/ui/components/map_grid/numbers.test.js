// The grid of the page "Compare": its colours and its numbers, worked out by hand.

import assert from "node:assert/strict";
import { test } from "node:test";

import { depthOf, depthWords, endsOf, scaledShares, stopOf, valueOf } from "../../../../attnviz/ui/components/map_grid/js/numbers.js";
import { colourPixels } from "../../../../attnviz/ui/components/base/js/pixels.js";
import { OPACITY, differencePixels, heatPixels } from "../../../../attnviz/ui/components/map_grid/js/paint.js";
import { TABLE } from "./compare_blobs.js";

test("heat is mixed as the server mixes it", () => {
  const photo = Uint8ClampedArray.of(255, 255, 255, 255, 0, 0, 0, 255);
  // White: 0.4 of it, and 0.6 of the colour at full shade; black: 0.6 of the colour at shade 0.35.
  const made = heatPixels(photo, Float32Array.of(1, 0.4), TABLE);
  assert.deepEqual([...made], [255, 255, 255, 255, 21, 21, 21, 255]);
  assert.equal(OPACITY, 0.6);
  assert.deepEqual([...heatPixels(photo, [0, 1], TABLE, 0)], [...photo]);
});

test("a difference is neutral where there is none, and leaves the photo alone outside its box", () => {
  const photo = Uint8ClampedArray.of(...Array(8).fill([255, 255, 255, 255]).flat());
  const found = { values: Float32Array.of(-1, 1), rows: 1, columns: 2, box: [0, 0, 0.5, 1] };
  const made = differencePixels(photo, [4, 2], found, TABLE);
  const over = (value) => Math.round(255 * 0.15 + 0.85 * value);
  // Bilinear between the centres of two cells: -1, -0.5, 0.5, 1.
  assert.deepEqual([0, 4, 8, 12].map((at) => made[at]), [over(0), over(64), over(191), over(255)]);
  assert.deepEqual([...made.subarray(16)], [...photo.subarray(16)]);
});

test("the ramp shows the table once from its first colour to its last", () => {
  const made = colourPixels(TABLE);
  assert.deepEqual([made.length, made[0], made[3], made[4 * 255]], [1024, 0, 255, 255]);
});

test("stops are depths, and the one behind them is the best layer of each", () => {
  assert.equal(stopOf({ best: true, depth: 0.5 }, 9), 9);
  assert.deepEqual([0, 0.5, 1].map((depth) => stopOf({ best: false, depth }, 9)), [0, 4, 8]);
  assert.equal(stopOf({ best: false, depth: 0.3 }, 1), 0);
  assert.equal(stopOf({ best: true, depth: 0.3 }, 0), 0);
  assert.deepEqual([depthOf(4, 9), depthOf(0, 1)], [0.5, 1]);
  assert.equal(depthWords({ best: true }, 9), "best layer of each");
  assert.equal(depthWords({ best: false, depth: 1 }, 1), "the only layer");
  assert.equal(depthWords({ best: false, depth: 0 }, 9), "0 %, the first layer of each");
  assert.equal(depthWords({ best: false, depth: 0.5 }, 9), "50 %");
});

test("values are put on a shared scale, and a flat map stands where its value is", () => {
  const layer = { low: 2, high: 6, mean: 3, flat: false };
  const scene = { header: { layers: [layer], box: [0, 0.5, 1, 1] }, planes: [Float32Array.of(0, 1)], rows: 1, columns: 2 };
  const shares = scaledShares(scene, 0, [0, 8], false, 4, 1);
  assert.deepEqual([...shares], [0, 0, 0.625, 0.75], "0 where it was not seen; then 2 + 4 * 0.75 and 6, of 8");
  layer.flat = true;
  assert.deepEqual([...scaledShares(scene, 0, [0, 6], false, 2, 1)], [0.5, 0.5]);
  assert.deepEqual([...scaledShares(scene, 0, [2, 6], true, 2, 1, 0.25)], [0.25, 0.25]);
  assert.deepEqual([...scaledShares(scene, 0, [0, 0], false, 1, 1)], [0.5]);
});

test("ends and values are absolute, or multiples of an even map", () => {
  assert.deepEqual(endsOf("row", [0, 1.923], 0.5), ["0.00", "1.92"]);
  assert.deepEqual(endsOf("even", [0, 4], 0.5), ["0", "8.00 × even"]);
  assert.deepEqual(endsOf("even", [0, 0], 0), ["0", "0"]);
  assert.equal(valueOf("cell", 0.25, 0.5), "0.250");
  assert.equal(valueOf("even", 0.25, 0.5), "0.500 ×");
  assert.equal(valueOf("row", null, 0.5), "not seen");
});
