// The blob's reader: headers and arrays, wherever in a message they begin.

import assert from "node:assert/strict";
import test from "node:test";
import { deflateSync } from "node:zlib";

import { halfToNumber, inflate, shares, unpack } from "../../../../attnviz/ui/components/base/js/blob.js";
import { packed } from "./blobs.js";
import { near } from "./fakes.js";

for (const offset of [0, 1, 2, 3, 4]) {
  test(`a blob is read wherever in a message it begins: at ${offset}`, () => {
    const [photo, maps] = [[1, 2, 3, 4, 5], [9, 8, 7, 6, 5, 4]];
    const title = "Relevance for a café 🐕";
    const { header, names, array } = unpack(packed({ title }, { photo, maps }, offset));
    assert.equal(header.title, title);
    assert.deepEqual(names, ["photo", "maps"]);
    assert.deepEqual([...array("photo").data], photo);
    assert.deepEqual([...array("maps").data], maps);
  });
}

test("empty arrays are empty, and one that is not there is an error", () => {
  const { array } = unpack(packed({}, { photo: [], maps: [] }));
  assert.deepEqual([array("photo").data.length, array("maps").data.length], [0, 0]);
  assert.throws(() => array("retina"), /no array "retina"/);
});

test("an array is a copy: the message's memory may be used again", () => {
  const bytes = packed({}, { photo: [0xff, 0xd8, 1] });
  const { data } = unpack(bytes).array("photo");
  bytes.fill(0);
  assert.deepEqual([...data], [0xff, 0xd8, 1]);
});

test("what zlib compressed comes back", async () => {
  const raw = Uint8Array.from({ length: 5000 }, (_, i) => (i * i) % 251);
  assert.deepEqual(await inflate(new Uint8Array(deflateSync(raw))), raw);
});

test("bytes that zlib did not write are refused", async () => {
  await assert.rejects(inflate(Uint8Array.from([1, 2, 3, 4])));
});

test("eight bits are shares of 255", () => {
  const values = Uint8Array.from([0, 51, 255, 128]);
  const read = unpack(packed({}, { other: [99], map: { values, shape: [2, 2] } })).array("map");
  assert.deepEqual([read.dtype, read.shape], ["uint8", [2, 2]]);
  assert.deepEqual([...shares(read)], [0, 0.2, 1, 128 / 255].map(Math.fround));
});

test("sixteen bits are half floats, wherever the blob lies in its buffer", () => {
  for (const offset of [0, 1, 3]) {
    const values = Uint16Array.of(0x3c00, 0x3800, 0x0001, 0x2e66);
    const read = unpack(packed({}, { map: { values, shape: [1, 4] } }, offset)).array("map");
    assert.deepEqual([...shares(read)], [1, 0.5, 2 ** -24, 1638 / 16384].map(Math.fround));
  }
});

test("signed bytes and float32 keep their values", () => {
  const arrays = { codes: Int8Array.of(-127, 0, 127), map: Float32Array.of(0.5, -3) };
  const { array } = unpack(packed({}, arrays, 1));
  assert.deepEqual([...array("codes").data], [-127, 0, 127]);
  assert.deepEqual([...array("map").data], [0.5, -3]);
});

test("half floats by hand", () => {
  near(halfToNumber(0x3555), 1 / 3, 1e-4);
  assert.equal(halfToNumber(0xc000), -2);
  assert.equal(halfToNumber(0x7bff), 65504);
  assert.equal(halfToNumber(0x03ff), 1023 * 2 ** -24, "the largest that is not normal");
  assert.equal(halfToNumber(0x0400), 2 ** -14, "the smallest that is");
  assert.equal(halfToNumber(0x7c00), Infinity);
  assert.equal(halfToNumber(0xfc00), -Infinity);
  assert.ok(Number.isNaN(halfToNumber(0x7e00)));
  assert.ok(Object.is(halfToNumber(0x8000), -0));
});
