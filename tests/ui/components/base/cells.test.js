import assert from "node:assert/strict";
import { test } from "node:test";

import { cellTo, inside } from "../../../../attnviz/ui/components/base/js/cells.js";

test("an index stays among those that there are", () => {
  assert.deepEqual([-1, 0, 2, 3, 9].map((index) => inside(index, 3)), [0, 0, 2, 2, 2]);
});

test("keys lead from cell to cell, rows counted from the top, and never out", () => {
  const to = (key, cell) => cellTo(key, cell, 3, 4);
  assert.deepEqual(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].map((key) => to(key, [1, 1])),
    [[1, 0], [1, 2], [0, 1], [2, 1]]);
  assert.deepEqual(["Home", "End", "PageUp", "PageDown"].map((key) => to(key, [1, 1])),
    [[1, 0], [1, 3], [0, 1], [2, 1]]);
  assert.deepEqual([to("ArrowUp", [0, 3]), to("ArrowRight", [0, 3]), to("ArrowDown", [2, 0])],
    [[0, 3], [0, 3], [2, 0]]);
  assert.equal(to("Tab", [1, 1]), null);
});
