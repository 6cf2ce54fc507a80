import assert from "node:assert/strict";
import test from "node:test";

import { cubic, mapSize, sample, spread } from "../../../../attnviz/ui/components/base/js/maps.js";
import { near } from "./fakes.js";

const WHOLE = [0, 0, 1, 1];

test("the cubic is 1 on its sample, 0 on the others, and even", () => {
  assert.deepEqual([0, 1, 2, 3].map(cubic), [1, 0, 0, 0]);
  assert.equal(cubic(0.5), 0.5625);
  assert.equal(cubic(1.5), -0.0625);
  assert.equal(cubic(-0.3), cubic(0.3));
});

test("the four weights add up to 1 and hold straight lines", () => {
  for (let share = 0; share < 1; share += 0.07) {
    const taps = [-1, 0, 1, 2];
    near(
      taps.reduce((sum, tap) => sum + cubic(share - tap), 0),
      1,
      1e-12,
    );
    near(
      taps.reduce((sum, tap) => sum + tap * cubic(share - tap), 0),
      share,
      1e-12,
    );
  }
});

test("a grid at its own size stays as it is", () => {
  const grid = Float32Array.from([0.1, 0.9, 0.4, 0.3, 0, 1]);
  spread(grid, 2, 3, WHOLE, 2, 3).forEach((value, i) => near(value, grid[i], 1e-6));
});

test("between two cells the cubic is what it is by hand", () => {
  // At four columns the middles lie 1/4 and 3/4 between cells; the border repeats.
  const wide = spread(Float32Array.from([0, 1]), 1, 2, WHOLE, 1, 4);
  const quarter = cubic(0.75) + cubic(1.75);
  near(wide[1], quarter, 1e-6);
  near(wide[2], 1 - quarter, 1e-6);
  assert.deepEqual([wide[0], wide[3]], [0, 1], "overshoot is clipped to the grid's own range");
});

test("rows are rows: a grid that varies downwards does so in the picture", () => {
  const tall = spread(Float32Array.from([0, 0, 1, 1]), 2, 2, WHOLE, 4, 3);
  assert.deepEqual([...tall.subarray(0, 3)], [0, 0, 0]);
  assert.deepEqual([...tall.subarray(9)], [1, 1, 1]);
});

test("a box moves the grid to the part that was seen, and its border repeats outside", () => {
  const grid = Float32Array.from([0.2, 0.4, 0.6, 0.8]);
  const values = spread(grid, 1, 4, [0, 0.25, 1, 0.75], 1, 8);
  [0.2, 0.2, 0.2, 0.4, 0.6, 0.8, 0.8, 0.8].forEach((value, i) => near(values[i], value, 1e-6));
});

test("maps are kept with 256 samples on the longer side, and never fewer than 2", () => {
  assert.deepEqual(mapSize(1600, 1200), { columns: 256, rows: 192 });
  assert.deepEqual(mapSize(300, 900), { columns: 85, rows: 256 });
  assert.deepEqual(mapSize(4000, 3), { columns: 256, rows: 2 });
  assert.deepEqual(mapSize(10, 5, 64), { columns: 64, rows: 32 });
});

test("a plane is sampled at its cells' middles, mixed between them, repeated outside", () => {
  const plane = Float32Array.from([0, 1, 2, 4]);
  assert.equal(sample(plane, 2, 2, 0.25, 0.25), 0);
  assert.equal(sample(plane, 2, 2, 0.75, 0.75), 4);
  assert.equal(sample(plane, 2, 2, 0.5, 0.25), 0.5);
  assert.equal(sample(plane, 2, 2, 0.5, 0.5), 1.75);
  assert.equal(sample(plane, 2, 2, -3, 9), 2);
  assert.equal(sample(Float32Array.of(5), 1, 1, 0.9, 0.1), 5);
});
