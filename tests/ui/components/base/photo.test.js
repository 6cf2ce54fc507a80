// The last photo: decoded once, known by its id, and never mixed up with another.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { LastPhoto } from "../../../../attnviz/ui/components/base/js/photo.js";

const JPEG = new Uint8Array([1, 2, 3]);
const NONE = new Uint8Array(0);
let decoded;

beforeEach(() => {
  decoded = 0;
  globalThis.createImageBitmap = async (blob) => ({ size: blob.size, count: ++decoded });
});

test("a photo that came is there for later maps, and decoded once", async () => {
  const last = new LastPhoto();
  const first = await last.take({ id: "a" }, JPEG);
  assert.deepEqual(first, { size: 3, count: 1 });
  assert.equal(await last.take({ id: "a" }, NONE), first);
  assert.equal(await last.take({ id: "a" }, JPEG), first);
  assert.equal(decoded, 1);
});

test("a photo that never came, or was followed by another, is lacking", async () => {
  const last = new LastPhoto();
  assert.equal(last.take({ id: "a" }, NONE), null);
  await last.take({ id: "a" }, JPEG);
  await last.take({ id: "b" }, JPEG);
  assert.equal(last.take({ id: "a" }, NONE), null);
  assert.equal((await last.take({ id: "b" }, NONE)).count, 2);
});

test("a photo that cannot be decoded fails for all who wait for it", async () => {
  globalThis.createImageBitmap = async () => {
    throw new Error("no picture");
  };
  const last = new LastPhoto();
  const taken = last.take({ id: "a" }, JPEG);
  await assert.rejects(taken, /no picture/);
  await assert.rejects(last.take({ id: "a" }, NONE), /no picture/);
});

test("of a video the first frame is decoded, and all are there with it", async () => {
  const last = new LastPhoto();
  const first = await last.take({ id: "v", frames: [1, 2] }, JPEG);
  assert.equal(first.size, 1);
  assert.deepEqual(last.frames, [new Uint8Array([1]), new Uint8Array([2, 3])]);
  assert.equal(await last.take({ id: "v", frames: [1, 2] }, NONE), first);
  await last.take({ id: "a" }, JPEG);
  assert.equal(last.frames, null);
});
