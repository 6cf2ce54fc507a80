// What the viewer does as pages come and go, messages overtake each other, and graphics are lost.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { VIEW } from "../base/examples.js";
import { FakeResizeObserver, turns, until } from "../base/fakes.js";
import { bitmap, openPage } from "../base/page.js";

let here, clock, messages, decoded, part, sent, receive, shown;

beforeEach(() => {
  here = openPage();
  ({ clock, messages, part, sent, receive, shown } = here);
  decoded = [];
});

/** From now on, photos are decoded when a test says so: decoded[i]() or decoded[i](error). */
const decodeByHand = () => {
  globalThis.createImageBitmap = () =>
    new Promise((resolve, reject) => {
      decoded.push((error) => (error ? reject(error) : resolve(bitmap())));
    });
};
const id = () => here.canvas.viewer.scene?.header.id;
/** What the console is messages of errors, kept from the tests' own output. */
const errors = (context) => context.mock.method(console, "error", () => {}).mock;

test("the same picture again uploads nothing and keeps what the user has set", async () => {
  await shown();
  const { viewer } = here.canvas;
  viewer.step(1);
  viewer.change({ radius: 0.05 }, false);
  const uploads = () =>
    ["createTexture", "texImage2D", "texImage3D", "linkProgram"].map((name) => here.gl.times(name));
  const before = uploads();
  receive(sent());
  clock.frame();
  await turns();
  assert.deepEqual(uploads(), before);
  assert.equal(here.canvas.viewer, viewer);
  assert.deepEqual([viewer.position, viewer.view.radius], [2, 0.05]);
});

test("another picture keeps the layer by its name, and the zoom where the size is the same", async () => {
  await shown();
  const { viewer } = here.canvas;
  viewer.setZoom({ scale: 2, x: 0.5, y: 0.5 });
  viewer.pick({ x: 0.5, y: 0.5 });
  viewer.goTo(0);
  await shown({ id: "two" });
  assert.deepEqual([viewer.view.layer, viewer.zoom.scale, viewer.picked], ["a", 2, null]);
  await shown({ id: "three", photo: { bytes: 3, width: 300, height: 384 } });
  assert.equal(viewer.zoom.scale, 1);
});

test("a view with a new id is taken over, its layer too, even for the same picture", async () => {
  await shown();
  here.canvas.viewer.goTo(0);
  here.canvas.viewer.change({ radius: 0.05 }, true);
  receive(sent({ viewId: `${here.viewId} again`, view: { ...VIEW, layer: "c", radius: 0.01 } }));
  clock.frame();
  assert.equal(here.canvas.viewer.view.radius, 0.01);
  assert.equal(here.canvas.viewer.view.layer, "c");
  assert.equal(here.canvas.dataset.layer, "c");
});

test("data that are no bytes are left alone", async () => {
  receive(null);
  receive({ a: 1 });
  await turns();
  assert.equal(here.canvas.viewer.scene, null);
  part(".on").dispatch("click");
  part(".play").dispatch("click");
  clock.frame();
  assert.deepEqual(messages, []);
});

test("controls can be moved before the first picture is there", async () => {
  decodeByHand();
  receive(sent());
  part(".edges").children[1].dispatch("click");
  Object.assign(part(".radius input"), { value: 0.05 }).dispatch("change");
  await until(() => decoded.length === 1);
  decoded[0]();
  await until(() => id() === "one");
  assert.deepEqual([here.canvas.viewer.view.outline, here.canvas.viewer.view.radius], [true, 0.05]);
});

test("of two pictures the one that was sent last stays, whichever is ready first", async () => {
  decodeByHand();
  receive(sent({ id: "old" }));
  receive(sent({ id: "new" }));
  await until(() => decoded.length === 2);
  decoded[1]();
  await until(() => id() === "new");
  decoded[0]();
  await turns();
  assert.equal(id(), "new");
});

test("going back to the picture that is shown stops one that is still on its way", async () => {
  await shown();
  decodeByHand();
  receive(sent({ id: "two" }));
  receive(sent());
  await until(() => decoded.length === 1);
  decoded[0]();
  await turns();
  assert.equal(id(), "one");
});

test("a picture that comes twice while it is decoded is decoded once, and its strip stays painted", async () => {
  decodeByHand();
  receive(sent());
  receive(sent());
  await turns();
  assert.equal(decoded.length, 1);
  decoded[0]();
  await until(() => id() === "one");
  assert.ok(
    part(".strip").children.every((button) => button.querySelector("canvas").painted.length === 1),
  );
});

test("a picture that cannot be decoded is left to the server", async (context) => {
  const said = errors(context);
  decodeByHand();
  receive(sent());
  await until(() => decoded.length === 1);
  decoded[0](new Error("out of memory"));
  await until(() => messages.length);
  assert.deepEqual(messages, [["webgl", false]]);
  assert.match(part(".notice").textContent, /come from the server instead/);
  const visible = part(".viewer").children.filter((node) => !node.hidden);
  assert.deepEqual(visible, [part(".notice")]);
  assert.match(String(said.calls[0].arguments[1]), /out of memory/);
});

test("a picture that the card does not take is left to the server as well", async (context) => {
  errors(context);
  receive(null);
  here.canvas.viewer.renderer.load = () => {
    throw new Error("too large");
  };
  receive(sent());
  await until(() => messages.length);
  assert.deepEqual(messages, [["webgl", false]]);
});

test("a picture that fails after the page has gone is nobody's concern", async (context) => {
  const said = errors(context);
  decodeByHand();
  const unmount = receive(sent());
  await until(() => decoded.length === 1);
  unmount();
  decoded[0](new Error("gone"));
  await turns();
  assert.deepEqual([messages, said.calls.length], [[], 0]);
});

test("nothing is said of a picture that failed when a newer one is there", async () => {
  decodeByHand();
  receive(sent({ id: "old" }));
  receive(sent({ id: "new" }));
  await until(() => decoded.length === 2);
  decoded[1]();
  await until(() => id() === "new");
  decoded[0](new Error("out of memory"));
  await turns();
  assert.equal(part(".notice").hidden, true);
});

test("a picture is given back when the next one is there, the last one at the end", async () => {
  await shown();
  const first = here.canvas.viewer.scene.bitmap;
  const unmount = await shown({ id: "two" });
  const second = here.canvas.viewer.scene.bitmap;
  assert.deepEqual([first.closed, second.closed], [true, false]);
  unmount();
  assert.equal(second.closed, true);
});

test("unmounting gives the context back, stops all clocks, and tells nothing afterwards", async () => {
  const unmount = await shown();
  here.canvas.viewer.togglePlay();
  unmount();
  assert.equal(here.gl.lost, true);
  assert.equal(FakeResizeObserver.all[0].disconnected, true);
  assert.equal(clock.frames.size, 0);
  await turns();
  clock.advance(20000);
  assert.deepEqual(messages, [], "least of all that graphics were lost");
});

test("a change that was not messages yet is messages as the page goes", async () => {
  const unmount = await shown();
  here.canvas.viewer.change({ radius: 0.05 }, true);
  unmount();
  assert.deepEqual(messages, [["view", { ...VIEW, radius: 0.05, viewId: here.viewId }]]);
  clock.advance(20000);
  assert.equal(messages.length, 1);
});

test("a click or a picture still on its way when the page goes comes to nothing", async () => {
  await shown();
  const { x, y } = here.canvas.viewer.panes()[0];
  const event = { clientX: x + 20, clientY: y + 20, pointerId: 1, button: 0 };
  here.canvas.dispatch("pointerdown", event);
  here.canvas.dispatch("pointerup", event);
  decodeByHand();
  const unmount = receive(sent({ id: "two" }));
  await until(() => decoded.length === 1);
  unmount();
  decoded[0]();
  await turns();
  clock.advance(5000);
  assert.deepEqual([messages, clock.frames.size, clock.timers.size], [[], 0, 0]);
});

test("the clean-up of a call that was followed by another leaves the viewer alone", async () => {
  const stale = await shown();
  const last = receive(sent());
  stale();
  assert.deepEqual([here.canvas.viewer.closed, here.gl.lost], [false, false]);
  here.canvas.viewer.goTo(2);
  clock.frame();
  assert.equal(here.canvas.dataset.layer, "c", "it still draws");
  last();
  assert.deepEqual([here.canvas.viewer.closed, here.gl.lost], [true, true]);
});

test("a viewer that comes back is a new one, where the user left it", async () => {
  const unmount = await shown();
  const { viewer } = here.canvas;
  viewer.goTo(0);
  unmount();
  assert.equal(messages.length, 1);
  here.renew();
  await shown();
  assert.notEqual(here.canvas.viewer, viewer);
  assert.equal(here.canvas.dataset.layer, "a", "though the server's payload says b");
  clock.advance(5000);
  assert.equal(messages.length, 1, "and the server has heard of it");
});
