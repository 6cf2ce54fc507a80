// Frames of a video: the picture on the GPU is that of the frame that was asked for last.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Film, replacePhoto } from "../../../../attnviz/ui/components/viewer/js/film.js";

let host, decoding, closed, asked;

const gl = () => ({
  deleted: [],
  deleteTexture(texture) {
    this.deleted.push(texture);
  },
});

beforeEach(() => {
  decoding = [];
  closed = [];
  asked = 0;
  globalThis.createImageBitmap = (blob) =>
    new Promise((done) => {
      const bitmap = { width: blob.size, height: 1, close: () => closed.push(blob.size) };
      decoding.push({ size: blob.size, done: () => done(bitmap) });
    });
  // Textures are told by the width of their picture: the codes of frame n are n + 1 bytes long.
  const fake = new Proxy(gl(), {
    get: (target, name) => target[name] ?? (() => ({})),
  });
  const renderer = { gl: fake, loaded: { photo: "first", codes: "c", clipped: null, baked: "disc" } };
  renderer.restart = () => {
    renderer.restarted = true;
  };
  host = {
    scene: { frames: [1, 2, 3, 4].map((length) => new Uint8Array(length)) },
    renderer,
    schedule: { ask: () => asked++ },
  };
});

const settled = () => new Promise((done) => setTimeout(done));

test("the first picture is there, another is decoded and drawn", async () => {
  const film = new Film(host);
  await film.show(0);
  assert.equal(decoding.length, 0);
  const shown = film.show(2);
  await settled();
  assert.deepEqual(decoding.map(({ size }) => size), [3]);
  decoding[0].done();
  await shown;
  assert.deepEqual([film.shown, asked, closed], [2, 1, [3]]);
  assert.notEqual(host.renderer.loaded.photo, "first");
});

test("of many frames that are passed quickly, the last is shown", async () => {
  const film = new Film(host);
  const first = film.show(1);
  film.show(2);
  film.show(3);
  await settled();
  assert.deepEqual(decoding.map(({ size }) => size), [2]);
  decoding[0].done();
  await settled();
  assert.deepEqual(decoding.map(({ size }) => size), [2, 4]);
  decoding[1].done();
  await first;
  assert.deepEqual([film.shown, closed], [3, [2, 4]]);
});

test("a picture that comes too late for its video is dropped", async () => {
  const film = new Film(host);
  const late = film.show(1);
  await settled();
  host.renderer.loaded = { photo: "other", codes: "c", clipped: null, baked: "" };
  film.show(0);
  decoding[0].done();
  await late;
  assert.deepEqual([host.renderer.loaded.photo, film.shown, asked, closed], ["other", 0, 0, [2]]);
});

test("after the context was restored the frame is brought again", async () => {
  const film = new Film(host);
  const shown = film.show(1);
  await settled();
  decoding[0].done();
  await shown;
  host.renderer.loaded = { ...host.renderer.loaded, photo: "first again" };
  const again = film.show(1);
  await settled();
  decoding[1].done();
  await again;
  assert.deepEqual([film.shown, asked], [1, 2]);
  assert.notEqual(host.renderer.loaded.photo, "first again");
});

test("a photo has no frames", async () => {
  host.scene = { frames: null };
  const film = new Film(host);
  await film.show(1);
  host.scene = null;
  await film.show(2);
  assert.deepEqual([decoding.length, film.busy], [0, false]);
});

test("another photo takes the place of the one before, and what was made of that is forgotten", () => {
  const { renderer } = host;
  renderer.loaded.clipped = "lights";
  replacePhoto(renderer, { width: 4, height: 3 });
  assert.deepEqual(renderer.gl.deleted, ["first", "c", "lights"]);
  const { baked, clipped } = renderer.loaded;
  assert.deepEqual([baked, clipped, renderer.restarted], ["", null, true]);
});
