import assert from "node:assert/strict";
import test from "node:test";

import {
  atlas,
  circleOfConfusion,
  FLAT_FOCUS,
  focusOf,
  ladder,
  ladderPosition,
  largestRadius,
  scaleRange,
  spreadWeight,
  stretch,
} from "../../../../attnviz/ui/components/base/js/optics.js";
import { shaders } from "./fake_gl.js";
import { near } from "./fakes.js";

const layer = (low, high, more = {}) => ({
  low,
  high,
  mean: (low + high) / 2,
  flat: false,
  fused: false,
  ...more,
});
const LAYERS = [layer(0.1, 0.5), layer(0.2, 2), layer(0, 90, { fused: true })];

test("each scale has its own ends; a fused layer always has its own", () => {
  assert.deepEqual(scaleRange(LAYERS[0], LAYERS, "layer"), [0.1, 0.5]);
  assert.deepEqual(scaleRange(LAYERS[0], LAYERS, "all-layers"), [0.1, 2]);
  assert.deepEqual(scaleRange(LAYERS[0], LAYERS, "absolute"), [0, 1]);
  for (const scale of ["layer", "all-layers", "absolute"]) {
    assert.deepEqual(scaleRange(LAYERS[2], LAYERS, scale), [0, 90]);
  }
});

test("stretching brings a layer's own shares to the scale", () => {
  assert.deepEqual(stretch(LAYERS[1], LAYERS, "layer"), [1, 0]);
  const [factor, offset] = stretch(LAYERS[0], LAYERS, "all-layers");
  near(factor, 0.4 / 1.9);
  assert.equal(offset, 0);
  const [absolute, from] = stretch(LAYERS[0], LAYERS, "absolute");
  near(absolute * 0.25 + from, 0.2);
});

test("a flat map is even: a half on its own scale, its mean on a shared one", () => {
  const flat = layer(0.79, 0.8, { flat: true, mean: 0.795 });
  assert.deepEqual(stretch(flat, [flat], "layer"), [0, FLAT_FOCUS]);
  assert.deepEqual(stretch(flat, [flat], "absolute"), [0, 0.795]);
  const [factor, even] = stretch(flat, [flat, layer(0.7, 0.9)], "all-layers");
  assert.equal(factor, 0);
  near(even, 0.475);
  assert.deepEqual(stretch({ ...flat, fused: true }, [flat], "absolute"), [0, FLAT_FOCUS]);
  assert.deepEqual(stretch({ ...flat, mean: 7 }, [flat], "absolute"), [0, 1], "within the scale");
  const empty = layer(0, 0, { flat: true });
  assert.deepEqual(stretch(empty, [empty], "all-layers"), [0, FLAT_FOCUS]);
  assert.equal(FLAT_FOCUS, 0.5);
  for (const threshold of [0, 0.25, 1]) {
    const [none, at] = stretch(flat, [flat], "layer", threshold);
    assert.deepEqual(
      [none, focusOf(at, threshold, 0.5)],
      [0, 0.5],
      "half sharp, wherever the threshold lies",
    );
  }
});

test("the focus is a smooth step around the threshold", () => {
  assert.equal(focusOf(0.25, 0.25, 0.5), 0.5);
  assert.equal(focusOf(0, 0.25, 0.5), 0);
  assert.equal(focusOf(0.5, 0.25, 0.5), 1);
  near(focusOf(0.375, 0.25, 0.5), 0.84375);
  assert.equal(focusOf(0.59, 0.6, 0.05) < 0.3 && focusOf(0.63, 0.6, 0.05) === 1, true);
});

test("the circle of confusion runs from nothing to the radius", () => {
  assert.equal(circleOfConfusion(1, 24), 0);
  assert.equal(circleOfConfusion(0, 24), 24);
  assert.equal(circleOfConfusion(0.75, 24), 6);
});

test("a sharper source counts less, but never nothing", () => {
  assert.equal(spreadWeight(10, 10), 1);
  assert.equal(spreadWeight(7.5, 10), 1);
  assert.equal(spreadWeight(5, 10), 0.5);
  assert.equal(spreadWeight(2.5, 10), 5e-4);
  assert.equal(spreadWeight(0, 10), 5e-4);
});

test("the shaders hold the same weights and the same step", () => {
  const { "refine.frag.glsl": refine } = shaders();
  assert.match(refine, /2\.0 \* ratio - 0\.5, FLOOR, 1\.0/);
  assert.match(refine, /const float FLOOR = 5e-4;/);
  assert.match(refine, /return t \* t \* \(3\.0 - 2\.0 \* t\);/);
  assert.match(refine, /return uRadius \* \(1\.0 - focus\);/);
});

test("the ladder doubles until it holds the largest radius", () => {
  near(largestRadius(300, 400), 30);
  assert.deepEqual(
    ladder(30).map(({ radius }) => radius),
    [2, 4, 8, 16, 32],
  );
  assert.deepEqual(
    ladder(32).map(({ factor }) => factor),
    [2, 2, 4, 4, 8],
  );
  assert.deepEqual(ladder(0.1), [{ radius: 2, factor: 2 }]);
});

test("no photo has more levels than the shader has places for", () => {
  const places = Number(/uniform vec4 uPlaces\[(\d+)\]/.exec(shaders()["show.frag.glsl"])[1]);
  assert.ok(ladder(largestRadius(1600, 1600)).length <= places);
});

test("a radius has its place on the ladder", () => {
  assert.deepEqual(
    [0, 1, 2, 4, 16].map((radius) => ladderPosition(radius, 5)),
    [-1, -0.5, 0, 1, 3],
  );
  near(ladderPosition(Math.sqrt(8), 5), 0.5);
  assert.equal(ladderPosition(1000, 5), 4);
});

for (const [width, height] of [
  [640, 480],
  [1600, 1067],
  [31, 977],
  [5, 3],
  [1, 1],
]) {
  test(`the atlas of ${width} x ${height} px has a place for each level, and none overlap`, () => {
    const levels = ladder(largestRadius(1600, 1600));
    const made = atlas(levels, width, height);
    assert.equal(made.places.length, levels.length);
    made.places.forEach(([x, y, w, h], index) => {
      assert.equal(w, Math.ceil(width / levels[index].factor));
      assert.equal(h, Math.ceil(height / levels[index].factor));
      assert.ok(x >= 0 && y >= 0 && x + w <= made.width && y + h <= made.height);
      for (const [x2, y2, w2, h2] of made.places.slice(0, index)) {
        assert.ok(x >= x2 + w2 || x2 >= x + w || y >= y2 + h2 || y2 >= y + h, "they overlap");
      }
    });
    assert.equal(made.width, Math.ceil(width / 2));
    assert.ok(made.height <= 3 * height + 8);
  });
}
