// Encoded pictures: decoded exactly as they are stored, or given an address.

import assert from "node:assert/strict";
import { test } from "node:test";

import { decoded, pictureUrl } from "../../../../attnviz/ui/components/base/js/pictures.js";

test("pictures are decoded as they are stored, JPEG unless messages otherwise", async () => {
  const calls = [];
  globalThis.createImageBitmap = async (blob, options) => {
    calls.push([blob.type, [...new Uint8Array(await blob.arrayBuffer())]]);
    assert.deepEqual(options, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
    return calls.length;
  };
  assert.equal(await decoded(Uint8Array.of(1, 2)), 1);
  assert.equal(await decoded(Uint8Array.of(3), "image/png"), 2);
  assert.deepEqual(calls, [["image/jpeg", [1, 2]], ["image/png", [3]]]);
});

test("an address is a blob's, with its type", () => {
  URL.createObjectURL = ({ type, size }) => `${type} ${size}`;
  assert.equal(pictureUrl(Uint8Array.of(1, 2)), "image/jpeg 2");
  assert.equal(pictureUrl(Uint8Array.of(1), "image/png"), "image/png 1");
});
