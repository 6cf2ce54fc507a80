import assert from "node:assert/strict";
import test from "node:test";

import { unpack } from "../../../../attnviz/ui/components/base/js/blob.js";
import {
  focusOfView,
  readMaps,
  readScene,
  scaledMap,
  thumbnail,
  valueAt,
} from "../../../../attnviz/ui/components/base/js/scene.js";
import { header, maps, MATTES, payload, scene, table, VIEW } from "./examples.js";
import { near } from "./fakes.js";

// The middle of the upper right cell of the part that was seen.
const UPPER = [0.875, 0.25];

test("every layer is brought to the picture's map size", () => {
  const made = readMaps(header(), unpack(maps()));
  assert.deepEqual([made.rows, made.columns, made.planes.length], [192, 256, 3]);
  assert.ok(made.planes.every((plane) => plane.length === 192 * 256));
  assert.equal(made.planes[0][255], 1, "the upper right cell");
  assert.equal(made.planes[0][191 * 256 + 255], 0, "the lower right cell");
  assert.deepEqual([made.mattes, made.matteRows, made.matteColumns], [null, 0, 0]);
});

test("mattes come along where there are some", () => {
  const made = readMaps(header({ mattes: MATTES }), unpack(maps()));
  assert.deepEqual(
    made.mattes.map((one) => [...one].map((share) => Math.round(255 * share))),
    [
      [255, 0, 0, 0],
      [0, 0, 255, 255],
      [9, 9, 9, 9],
    ],
  );
  assert.deepEqual([made.matteRows, made.matteColumns], [2, 2]);
});

test("a payload becomes a scene; the photo is decoded as it is, as a JPEG", async () => {
  const asked = [];
  globalThis.createImageBitmap = async (blob, options) => {
    asked.push([blob.type, [...new Uint8Array(await blob.arrayBuffer())], options]);
    return { width: 512, height: 384 };
  };
  const made = await readScene(payload());
  assert.deepEqual(asked, [
    ["image/jpeg", [0xff, 0xd8, 0xff], { colorSpaceConversion: "none", premultiplyAlpha: "none" }],
  ]);
  assert.equal(made.bitmap.width, 512);
  assert.deepEqual(made.planes, scene().planes);
});

test("a photo that cannot be decoded is an error", async () => {
  globalThis.createImageBitmap = async () => {
    throw new Error("no JPEG");
  };
  await assert.rejects(readScene(payload()), /no JPEG/);
});

test("values are on the scale inside the box, 0 outside, and even where the map is flat", () => {
  const made = scene();
  assert.equal(scaledMap(made, 0, "layer")(0.99, 0.01), 1);
  assert.equal(scaledMap(made, 0, "layer")(0.49, 0.01), 0, "the network did not see this");
  near(scaledMap(made, 1, "layer")(...UPPER), 0.2, 1e-3);
  near(scaledMap(made, 1, "all-layers")(...UPPER), (2 + 0.2 * 10 - 1) / 11, 1e-3);
  assert.equal(scaledMap(made, 1, "absolute")(...UPPER), 1, "above the scale's end");
  for (const x of [0.1, 0.9]) {
    assert.equal(scaledMap(made, 2, "layer")(x, 0.5), 0.5);
    near(scaledMap(made, 2, "all-layers")(x, 0.5), 4 / 11);
  }
});

test("the value at a point is absolute, and there is none where nothing was seen", () => {
  const made = scene();
  near(valueAt(made, 0, 0.99, 0.01), 3, 1e-6);
  near(valueAt(made, 1, ...UPPER), 4, 1e-2);
  near(valueAt(made, 1, 0.99, 0.99), 12, 1e-5);
  assert.equal(valueAt(made, 1, 0.2, 0.5), null);
  assert.equal(valueAt(scene({ box: [0.2, 0, 0.8, 1] }), 0, 0.5, 0.9), null);
  assert.equal(valueAt(scene({ box: [0.2, 0, 0.8, 1] }), 0, 0.5, 0.1), null);
  assert.equal(valueAt(scene({ box: [0, 0, 1, 0.8] }), 0, 0.9, 0.5), null);
});

test("the focus lies where the map is, or where the matte is", () => {
  const field = focusOfView(scene(), 0, VIEW);
  assert.ok(field.x > 0.8 && field.y < 0.35, JSON.stringify(field));
  assert.ok(field.share > 0.1 && field.share < 0.2, JSON.stringify(field));
  const outlined = scene({ mattes: MATTES });
  const matte = focusOfView(outlined, 1, { ...VIEW, outline: true });
  assert.ok(matte.y > 0.6, JSON.stringify(matte));
  near(matte.x, 0.75, 0.01, "the middle of what was seen:");
  assert.ok(focusOfView(outlined, 1, VIEW).x > 0.6, "while outlines are off, the map counts");
  assert.equal(
    focusOfView(scene(), 0, { ...VIEW, threshold: 1, softness: 0.05 }).share < 0.2,
    true,
  );
});

test("a thumbnail shows each place in the table's colour", () => {
  const codes = thumbnail(scene(), 0, VIEW, table(), 4, 2);
  const pixel = (x, y) => [...codes.subarray(4 * (4 * y + x), 4 * (4 * y + x) + 4)];
  assert.deepEqual(pixel(0, 0), [0, 255, 7, 255], "not seen");
  assert.deepEqual(pixel(3, 0), [254, 1, 7, 255], "between two of the map's own samples");
  assert.deepEqual(pixel(3, 1), [0, 255, 7, 255]);
  assert.equal(codes.length, 4 * 4 * 2);
  const even = thumbnail(scene(), 2, VIEW, table(), 2, 1);
  assert.deepEqual([...even], [128, 127, 7, 255, 128, 127, 7, 255]);
});

test("a matte stands for its map where there is one, at the map's own scale", () => {
  const outlined = scene({ mattes: MATTES });
  const matte = scaledMap(outlined, 1, "layer", { matte: true });
  assert.deepEqual([matte(0.99, 0.01), matte(0.99, 0.99)], [0, 1]);
  assert.equal(matte(0.4, 0.99), 0, "nor was the object seen outside the box");
  near(scaledMap(outlined, 1, "all-layers", { matte: true })(0.99, 0.01), 1 / 11);
  const map = scaledMap(scene(), 1, "layer");
  assert.equal(scaledMap(scene(), 1, "layer", { matte: true })(...UPPER), map(...UPPER));
});

test("a flat map is as even as it is asked to be", () => {
  const outlined = scene({ mattes: MATTES });
  for (const matte of [false, true]) {
    const even = scaledMap(outlined, 2, "layer", { even: 0.3, matte });
    assert.deepEqual([even(0.9, 0.5), even(0.1, 0.5)], [0.3, 0.3], "outside the box as well");
  }
});
