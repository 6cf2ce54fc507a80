import assert from "node:assert/strict";
import test from "node:test";
import { deflateSync } from "node:zlib";

import {
  halfToNumber,
  inflate,
  layerShares,
  matteShares,
  unpack,
} from "../../../../attnviz/ui/components/base/js/payload.js";
import { near } from "./fakes.js";

/** A payload by hand, `before` bytes into a larger message. */
function packed({ photo, maps, before = 0 }) {
  const text = JSON.stringify({
    title: "Relevance for a café 🐕",
    photo: { bytes: photo.length },
    maps: { bytes: maps.length },
  });
  const header = new TextEncoder().encode(text);
  const up = (length) => Math.ceil(length / 4) * 4;
  const bytes = new Uint8Array(
    before + 4 + up(header.length) + up(photo.length) + up(maps.length),
  ).fill(0x20);
  new DataView(bytes.buffer).setUint32(before, up(header.length), true);
  bytes.set(header, before + 4);
  bytes.set(photo, before + 4 + up(header.length));
  bytes.set(maps, before + 4 + up(header.length) + up(photo.length));
  return bytes.subarray(before);
}

for (const before of [0, 1, 2, 3, 4]) {
  test(`a payload is read wherever in a message it begins: at ${before}`, () => {
    const photo = [1, 2, 3, 4, 5];
    const maps = [9, 8, 7, 6, 5, 4];
    const read = unpack(packed({ photo, maps, before }));
    assert.equal(read.header.title, "Relevance for a café 🐕");
    assert.deepEqual([...read.photo], photo);
    assert.deepEqual([...read.maps], maps);
  });
}

test("an empty photo and empty maps are empty", () => {
  const read = unpack(packed({ photo: [], maps: [] }));
  assert.deepEqual([read.photo.length, read.maps.length], [0, 0]);
});

test("what zlib compressed comes back", async () => {
  const raw = Uint8Array.from({ length: 5000 }, (_, i) => (i * i) % 251);
  assert.deepEqual(await inflate(new Uint8Array(deflateSync(raw))), raw);
});

test("bytes that zlib did not write are refused", async () => {
  await assert.rejects(inflate(Uint8Array.from([1, 2, 3, 4])));
});

test("eight bits are shares of 255", () => {
  const blocks = Uint8Array.from([99, 99, 99, 99, 0, 51, 255, 128, 7]);
  const shares = layerShares({ rows: 2, columns: 2, bits: 8, at: 4 }, blocks);
  assert.deepEqual([...shares], [0, 0.2, 1, 128 / 255].map(Math.fround));
});

test("sixteen bits are half floats, wherever the blocks lie in their buffer", () => {
  for (const before of [0, 1, 3]) {
    const buffer = new ArrayBuffer(before + 12);
    const view = new DataView(buffer, before);
    [0x3c00, 0x3800, 0x0001, 0x2e66].forEach((code, i) => view.setUint16(4 + 2 * i, code, true));
    const shares = layerShares(
      { rows: 1, columns: 4, bits: 16, at: 4 },
      new Uint8Array(buffer, before),
    );
    assert.deepEqual([...shares], [1, 0.5, 2 ** -24, 1638 / 16384].map(Math.fround));
  }
});

test("each matte is found by its index", () => {
  const blocks = Uint8Array.from([0, 255, 0, 0, 51, 102, 0, 0]);
  const mattes = { rows: 1, columns: 2, at: [0, 4] };
  assert.deepEqual([...matteShares(mattes, 0, blocks)], [0, 1]);
  assert.deepEqual([...matteShares(mattes, 1, blocks)], [0.2, 0.4].map(Math.fround));
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
