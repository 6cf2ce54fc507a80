import assert from "node:assert/strict";
import test from "node:test";

import {
  description,
  ends,
  focusFacts,
  number,
  place,
  pointDescription,
  scaleNote,
} from "../../../../attnviz/ui/components/base/js/words.js";
import { near } from "./fakes.js";

test("numbers have three significant digits, and powers where they are far off", () => {
  const shown = [0, 1, 0.451, 12.34, 456.7, 1234.5, 0.00123, -0.25, 12345, 0.00001].map(number);
  assert.deepEqual(shown, [
    "0",
    "1.00",
    "0.451",
    "12.3",
    "457",
    "1235",
    "0.00123",
    "-0.250",
    "1.2e+4",
    "1.0e-5",
  ]);
});

test("places are messages from the middle", () => {
  assert.equal(place(0.5, 0.54), "in the middle");
  assert.equal(place(0.2, 0.5), "left of the middle");
  assert.equal(place(0.6, 0.5), "slightly right of the middle");
  assert.equal(place(0.8, 0.1), "above and right of the middle");
  assert.equal(place(0.4, 0.9), "below and slightly left of the middle");
});

const FACTS = {
  title: "Attention",
  layer: "block 3",
  index: 2,
  count: 12,
  flat: false,
  share: 0.184,
  x: 0.2,
  y: 0.5,
};

test("the picture in words", () => {
  assert.ok(description({ ...FACTS, noun: "Object" }).startsWith("Attention, block 3, object 3 of 12: "));
  assert.equal(
    description(FACTS),
    "Attention, block 3, layer 3 of 12: focus covers 18 % of the picture, centred left of the middle.",
  );
  assert.equal(
    description({ ...FACTS, x: null, y: null }),
    "Attention, block 3, layer 3 of 12: nothing is in focus.",
  );
  assert.equal(
    description({ ...FACTS, flat: true }),
    "Attention, block 3, layer 3 of 12: the map is flat, nothing stands out.",
  );
});

test("share and middle of a focus", () => {
  const focus = Float32Array.from([0, 0, 0, 1, 0, 0, 0, 0.25]);
  const { share, x, y } = focusFacts(focus, 2, 4);
  assert.equal(share, 1 / 8);
  near(x, 3.5 / 4);
  near(y, (1 * 0.5 + 0.25 * 1.5) / 1.25 / 2);
  assert.deepEqual(focusFacts(new Float32Array(8), 2, 4), { share: 0, x: null, y: null });
  assert.equal(focusFacts(new Float32Array(8).fill(0.5), 2, 4).share, 0, "a half is not sharp yet");
});

test("the scale's ends are explained", () => {
  const plain = { fused: false, flat: false };
  const notes = ["layer", "all-layers", "absolute"].map((scale) => scaleNote(scale, plain));
  assert.deepEqual(notes, [
    "Colours span this layer",
    "Colours span all layers",
    "Absolute, 0 to 1",
  ]);
  assert.equal(scaleNote("absolute", { ...plain, flat: true }), "Flat: nothing stands out");
  assert.equal(
    scaleNote("absolute", { fused: true, flat: true }),
    "Mean of all layers; 1 is an even map",
  );
  const noted = { fused: true, flat: false, note: "1 is the peak of the strongest" };
  assert.equal(scaleNote("layer", noted), "1 is the peak of the strongest");
  assert.equal(scaleNote("all-layers", plain, "Frame"), "Colours span all frames");
});

test("both ends of a scale have the decimals that the larger one needs", () => {
  assert.deepEqual(ends(0, 0.451), ["0.000", "0.451"]);
  assert.deepEqual(ends(0.00213, 12.34), ["0.0", "12.3"]);
  assert.deepEqual(ends(3, 456.7), ["3", "457"]);
  assert.deepEqual(ends(0, 0), ["0", "0"]);
  assert.deepEqual(ends(0, 0.00001), ["0", "1.0e-5"]);
  assert.deepEqual(ends(2, 12345), ["2.00", "1.2e+4"]);
});

test("a point in words is its place and its value, if it has one", () => {
  const point = { x: 0.254, y: 0.5 };
  assert.equal(pointDescription(point, 0.4512), "25 % from the left, 50 % from the top: 0.451");
  assert.equal(pointDescription(point, 0), "25 % from the left, 50 % from the top: 0");
  assert.equal(
    pointDescription(point, null),
    "25 % from the left, 50 % from the top: not seen by the network",
  );
});
