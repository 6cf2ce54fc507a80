// Maps that are sent without their photo: shown on the last one, or the photo is requested.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { payload } from "../base/examples.js";
import { turns, until } from "../base/fakes.js";
import { openPage } from "../base/page.js";

let here, clock, messages, sent, receive, shown;

beforeEach(() => {
  here = openPage();
  ({ clock, messages, sent, receive, shown } = here);
});

const id = () => here.canvas.viewer.scene?.header.id;

/** Other maps of the first picture's photo, which does not come along. */
const mapsAlone = (changes = {}) =>
  payload(
    { viewId: here.viewId, photo: { id: "photo of one", width: 512, height: 384 }, ...changes },
    new Uint8Array(0),
  );

test("maps that come alone are shown on the photo that is there, with the point that asks", async () => {
  await shown();
  const { viewer } = here.canvas;
  const photo = viewer.scene.bitmap;
  receive(mapsAlone({ id: "two", point: { x: 0.25, y: 0.5 } }));
  await until(() => id() === "two");
  assert.equal(viewer.scene.bitmap, photo);
  assert.equal(photo.closed, false, "or it could not be drawn again when graphics come back");
  assert.deepEqual(viewer.picked, { x: 0.25, y: 0.5 });
  assert.deepEqual(messages, []);
});

test("a viewer without the photo asks for it once, after a while, and takes it", async () => {
  receive(mapsAlone({ id: "two" }));
  await until(() => clock.timers.size === 1);
  clock.advance(499);
  assert.deepEqual(messages, [], "the page's controls get what came with the maps first");
  clock.advance(1);
  assert.deepEqual(messages, [["lacking", "two"]]);
  assert.equal(here.canvas.viewer.scene, null);
  await shown({ id: "two" });
  assert.equal(id(), "two");
  clock.advance(5000);
  assert.equal(messages.length, 1);
});

test("the photo is asked for with the latest maps, and not where it has come meanwhile", async () => {
  receive(mapsAlone({ id: "two" }));
  await until(() => clock.timers.size === 1);
  clock.advance(300);
  receive(mapsAlone({ id: "three" }));
  await turns();
  clock.advance(300);
  assert.deepEqual(messages, []);
  clock.advance(200);
  assert.deepEqual(messages, [["lacking", "three"]]);
  receive(mapsAlone({ id: "four" }));
  await turns();
  await shown({ id: "four" });
  clock.advance(5000);
  assert.equal(messages.length, 1);
});

test("a photo is not asked for where the server has sent something else meanwhile", async () => {
  await shown();
  const { viewer } = here.canvas;
  viewer.photo.id = null;
  receive(mapsAlone({ id: "two" }));
  await turns();
  receive(sent()); // what is shown already: the maps were taken back
  clock.advance(5000);
  assert.deepEqual(messages, []);
  receive(mapsAlone({ id: "three" }));
  await turns();
  await shown({ id: "four" });
  clock.advance(5000);
  assert.deepEqual(messages, []);
});
