import assert from "node:assert/strict";
import test from "node:test";

import {
  changed,
  layerIndex,
  MODES,
  played,
  stepped,
  SURFACES,
  surfaces,
} from "../../../../attnviz/ui/components/base/js/view.js";

const VIEW = {
  layer: "b",
  mode: "side",
  radius: 0.024,
  threshold: 0.25,
  softness: 0.5,
  highlights: 0,
  opacity: 0.6,
  speed: 2,
  left: "bokeh",
  right: "heat",
  wipe: 0.5,
};

test("a change leaves the view before it alone", () => {
  const next = changed(VIEW, { threshold: 0.4, mode: "heat" });
  assert.deepEqual(next, { ...VIEW, threshold: 0.4, mode: "heat" });
  assert.equal(VIEW.threshold, 0.25);
});

test("numbers stay within their limits", () => {
  const least = Object.fromEntries(
    ["radius", "threshold", "softness", "highlights", "opacity", "speed", "wipe"].map((name) => [
      name,
      -9,
    ]),
  );
  const most = Object.fromEntries(Object.keys(least).map((name) => [name, 99]));
  const values = (view) => Object.keys(least).map((name) => view[name]);
  assert.deepEqual(values(changed(VIEW, least)), [0, 0, 0.05, 0, 0, 0.25, 0]);
  assert.deepEqual(values(changed(VIEW, most)), [0.06, 1, 1, 8, 1, 30, 1]);
});

test("a layer is found by its name; the last stands in for one that is not there", () => {
  const layers = [{ name: "a" }, { name: "b" }, { name: "c" }];
  assert.equal(layerIndex(VIEW, layers), 1);
  assert.equal(layerIndex({ layer: "gone" }, layers), 2);
  assert.equal(layerIndex({ layer: "" }, layers), 2);
});

test("steps are whole, from between two layers to the next one, and end at the ends", () => {
  assert.equal(stepped(1, 1, 5), 2);
  assert.equal(stepped(1.4, 1, 5), 2);
  assert.equal(stepped(1.4, -1, 5), 1);
  assert.equal(stepped(1.9999999, 1, 5), 3, "as good as on a layer");
  assert.equal(stepped(2.0000001, -1, 5), 1);
  assert.equal(stepped(4, 1, 5), 4);
  assert.equal(stepped(0, -1, 5), 0);
  assert.equal(stepped(0, 1, 1), 0);
});

test("playing goes on from the last layer at the first", () => {
  assert.equal(played(1, 0.5, 4), 1.5);
  assert.equal(played(2.5, 0.5, 4), 3);
  assert.equal(played(3, 0.01, 4), 0);
});

test("each mode has its surfaces", () => {
  assert.deepEqual(surfaces(VIEW), { left: "bokeh", right: "heat", wipe: 0.5 });
  assert.deepEqual(surfaces({ ...VIEW, mode: "split", wipe: 0.2, left: "photo" }), {
    left: "photo",
    right: "heat",
    wipe: 0.2,
  });
  for (const mode of ["bokeh", "heat", "photo"]) {
    assert.deepEqual(surfaces({ ...VIEW, mode }), { left: mode, right: mode, wipe: 1 });
    assert.ok(SURFACES.includes(mode));
  }
  assert.deepEqual(MODES, ["side", "bokeh", "heat", "photo", "split"]);
});
