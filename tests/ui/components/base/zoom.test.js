import assert from "node:assert/strict";
import test from "node:test";

import {
  clamped,
  layout,
  panned,
  toPane,
  toPicture,
  WHOLE,
  zoomedAt,
} from "../../../../attnviz/ui/components/base/js/zoom.js";
import { near } from "./fakes.js";

const CLOSE = { scale: 4, x: 0.3, y: 0.6 };

test("the whole picture is a pane's own share, and cannot be changed by accident", () => {
  assert.deepEqual(toPicture(WHOLE, 0.2, 0.9), { x: 0.2, y: 0.9 });
  assert.throws(() => {
    WHOLE.scale = 2;
  }, TypeError);
});

test("to the picture and back is the same point", () => {
  const { x, y } = toPicture(CLOSE, 0.1, 0.8);
  near(x, 0.2);
  near(y, 0.675);
  const { u, v } = toPane(CLOSE, x, y);
  near(u, 0.1);
  near(v, 0.8);
});

test("nothing beyond the picture is shown", () => {
  assert.deepEqual(clamped({ scale: 4, x: 0, y: 2 }), { scale: 4, x: 0.125, y: 0.875 });
  assert.deepEqual(clamped({ scale: 0.1, x: 0.9, y: 0.1 }), { scale: 1, x: 0.5, y: 0.5 });
  assert.equal(clamped({ scale: 99, x: 0.5, y: 0.5 }).scale, 16);
});

test("zooming leaves the point under the pointer where it is", () => {
  for (const [u, v] of [
    [0.5, 0.5],
    [0.2, 0.7],
    [0.9, 0.1],
  ]) {
    const before = toPicture(CLOSE, u, v);
    const after = toPicture(zoomedAt(CLOSE, 1.7, u, v), u, v);
    near(after.x, before.x);
    near(after.y, before.y);
  }
});

test("zooming ends at the limits and comes back to the whole", () => {
  assert.equal(zoomedAt(CLOSE, 100, 0.5, 0.5).scale, 16);
  assert.deepEqual(zoomedAt(CLOSE, 0.01, 0.1, 0.9), { scale: 1, x: 0.5, y: 0.5 });
});

test("panning moves by shares of the pane, and not beyond the border", () => {
  near(panned(CLOSE, 0.2, -0.1).x, 0.25);
  near(panned(CLOSE, 0.2, -0.1).y, 0.625);
  assert.equal(panned(CLOSE, 5, 0).x, 0.125);
  assert.deepEqual(panned(WHOLE, 0.3, 0.3), { scale: 1, x: 0.5, y: 0.5 });
});

test("one pane is as wide as the stage, in the picture's shape", () => {
  assert.deepEqual(layout(600, 1.5, false, 1000), {
    panes: [{ x: 0, y: 0, width: 600, height: 400 }],
    height: 400,
  });
});

test("two panes stand side by side with a gap, and in the middle where height is short", () => {
  const { panes, height } = layout(808, 2, true, 1000);
  assert.deepEqual(panes, [
    { x: 0, y: 0, width: 400, height: 200 },
    { x: 408, y: 0, width: 400, height: 200 },
  ]);
  assert.equal(height, 200);
  const short = layout(808, 2, true, 100);
  assert.deepEqual(
    short.panes.map(({ x, width }) => [x, width]),
    [
      [200, 200],
      [408, 200],
    ],
  );
});

test("on a narrow stage they stand one above the other, together no higher than allowed", () => {
  const { panes, height } = layout(400, 1, true, 408);
  assert.deepEqual(
    panes.map(({ x, y, width }) => [x, y, width]),
    [
      [100, 0, 200],
      [100, 208, 200],
    ],
  );
  assert.equal(height, 408);
});

test("a tall picture is larger side by side on a narrow stage too, and stands so", () => {
  const { panes, height } = layout(408, 0.5, true, 408);
  assert.deepEqual(
    panes.map(({ x, y, width }) => [x, y, width]),
    [
      [0, 0, 200],
      [208, 0, 200],
    ],
  );
  assert.equal(height, 400);
});

test("a picture of any shape has panes that can be drawn into", () => {
  for (const aspect of [1e-4, 0.01, 1, 100]) {
    for (const { width, height } of layout(700, aspect, true, 500).panes) {
      assert.ok(width >= 1 && height >= 1 && height <= 500);
    }
  }
});

test("a ribbon of a picture is wide enough to be seen, and stays within the stage", () => {
  assert.deepEqual(layout(808, 1000, true, 500), {
    panes: [
      { x: 0, y: 0, width: 400, height: 24 },
      { x: 408, y: 0, width: 400, height: 24 },
    ],
    height: 24,
  });
  assert.deepEqual(layout(600, 0.001, false, 500), {
    panes: [{ x: 288, y: 0, width: 24, height: 500 }],
    height: 500,
  });
  for (const stage of [1, 20, 300, 559, 560, 2000]) {
    for (const aspect of [1e-4, 0.02, 1, 50, 1e4]) {
      for (const two of [false, true]) {
        const { panes, height } = layout(stage, aspect, two, 500);
        for (const { x, y, width, height: high } of panes) {
          const what = `${aspect} in ${stage}: ${JSON.stringify(panes)}`;
          assert.ok(x >= 0 && x + width <= stage + 1e-9 && y + high <= height, what);
          assert.ok(width >= Math.min(24, stage) && high >= 24, what);
        }
        assert.ok(height <= 500);
      }
    }
  }
});
