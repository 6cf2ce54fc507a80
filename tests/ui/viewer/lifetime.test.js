// What the viewer does as pages come and go, messages overtake each other, and graphics are lost.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { mount } from "../../../attnviz/ui/viewer/js/main.js";
import { payload, VIEW } from "./examples.js";
import { FakeGl } from "./fake_gl.js";
import { FakeResizeObserver, installPage, make, turns, until } from "./fakes.js";
import { ASSETS, page } from "./page.js";

let clock, place, gl, told, canvas, decoded;

beforeEach(() => {
  ({ clock } = installPage());
  decoded = [];
  globalThis.createImageBitmap = async () => ({ width: 512, height: 384 });
  gl = new FakeGl();
  canvas = make("canvas", { gl });
  gl.canvas = canvas;
  place = page(canvas);
  told = [];
});

const part = (selector) => place.querySelector(selector);
const receive = (data) =>
  mount(
    {
      parentElement: place,
      data,
      setStateValue: (name, value) => told.push([name, value]),
      setTriggerValue: (name, value) => told.push([name, value]),
    },
    ASSETS,
  );
const shown = async (data = payload(), id = "one") => {
  const unmount = receive(data);
  await until(() => canvas.viewer.scene?.header.id === id);
  clock.frame();
  return unmount;
};
/** From now on, photos are decoded when a test says so: decoded[i]() or decoded[i](error). */
const decodeByHand = () => {
  globalThis.createImageBitmap = () =>
    new Promise((resolve, reject) => {
      decoded.push((error) => (error ? reject(error) : resolve({ width: 512, height: 384 })));
    });
};
const id = () => canvas.viewer.scene?.header.id;

test("the same picture again uploads nothing and keeps what the user has set", async () => {
  await shown();
  const { viewer } = canvas;
  viewer.step(1);
  viewer.change({ radius: 0.05 }, false);
  const uploads = () =>
    ["createTexture", "texImage2D", "texImage3D", "linkProgram"].map((name) => gl.times(name));
  const before = uploads();
  receive(payload());
  clock.frame();
  await turns();
  assert.deepEqual(uploads(), before);
  assert.equal(canvas.viewer, viewer);
  assert.deepEqual([viewer.position, viewer.view.radius], [2, 0.05]);
});

test("another picture keeps the layer by its name, and the zoom where the size is the same", async () => {
  await shown();
  const { viewer } = canvas;
  viewer.setZoom({ scale: 2, x: 0.5, y: 0.5 });
  viewer.pick({ x: 0.5, y: 0.5 });
  viewer.goTo(0);
  await shown(payload({ id: "two" }), "two");
  assert.deepEqual([viewer.view.layer, viewer.zoom.scale, viewer.picked], ["a", 2, null]);
  await shown(payload({ id: "three", photo: { bytes: 3, width: 300, height: 384 } }), "three");
  assert.equal(viewer.zoom.scale, 1);
});

test("a view with a new id is taken over, its layer too, even for the same picture", async () => {
  await shown();
  canvas.viewer.goTo(0);
  canvas.viewer.change({ radius: 0.05 }, true);
  receive(payload({ viewId: "net|2", view: { ...VIEW, layer: "c", radius: 0.01 } }));
  clock.frame();
  assert.equal(canvas.viewer.view.radius, 0.01);
  assert.equal(canvas.viewer.view.layer, "c");
  assert.equal(canvas.dataset.layer, "c");
});

test("data that are no bytes are left alone", async () => {
  receive(null);
  receive({ a: 1 });
  await turns();
  assert.equal(canvas.viewer.scene, null);
  part(".on").dispatch("click");
  part(".play").dispatch("click");
  clock.frame();
  assert.deepEqual(told, []);
});

test("controls can be moved before the first picture is there", async () => {
  decodeByHand();
  receive(payload());
  Object.assign(part(".outline select"), { value: "true" }).dispatch("change");
  Object.assign(part(".radius input"), { value: 0.05 }).dispatch("change");
  await until(() => decoded.length === 1);
  decoded[0]();
  await until(() => id() === "one");
  assert.deepEqual([canvas.viewer.view.outline, canvas.viewer.view.radius], [true, 0.05]);
});

test("of two pictures the one that was sent last stays, whichever is ready first", async () => {
  decodeByHand();
  receive(payload({ id: "old" }));
  receive(payload({ id: "new" }));
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
  receive(payload({ id: "two" }));
  receive(payload());
  await until(() => decoded.length === 1);
  decoded[0]();
  await turns();
  assert.equal(id(), "one");
});

test("a picture that comes twice while it is decoded is decoded once, and its strip stays painted", async () => {
  decodeByHand();
  receive(payload());
  receive(payload());
  await turns();
  assert.equal(decoded.length, 1);
  decoded[0]();
  await until(() => id() === "one");
  assert.ok(
    part(".strip").children.every((button) => button.querySelector("canvas").painted.length === 1),
  );
});

test("a picture that cannot be decoded is told, and may be tried again", async () => {
  decodeByHand();
  receive(payload());
  await until(() => decoded.length === 1);
  decoded[0](new Error("out of memory"));
  await until(() => !part(".notice").hidden);
  assert.equal(part(".notice").textContent, "This picture could not be drawn: out of memory");
  receive(payload());
  await until(() => decoded.length === 2);
  decoded[1]();
  await until(() => id() === "one");
  assert.equal(part(".notice").hidden, true);
});

test("nothing is said of a picture that failed when a newer one is there", async () => {
  decodeByHand();
  receive(payload({ id: "old" }));
  receive(payload({ id: "new" }));
  await until(() => decoded.length === 2);
  decoded[1]();
  await until(() => id() === "new");
  decoded[0](new Error("out of memory"));
  await turns();
  assert.equal(part(".notice").hidden, true);
});

test("without WebGL2 the server is told, and the user sees why", () => {
  canvas.gl = null;
  receive(payload());
  assert.deepEqual(told, [["webgl", false]]);
  assert.match(part(".notice").textContent, /cannot draw with WebGL2/);
  const visible = part(".viewer").children.filter((node) => !node.hidden);
  assert.deepEqual(visible, [part(".notice")]);
});

test("a lost context stops drawing, and comes back with everything on it", async () => {
  await shown();
  gl.lost = true;
  const event = canvas.dispatch("webglcontextlost");
  assert.equal(event.defaultPrevented, true, "or the browser would never restore it");
  assert.equal(canvas.dataset.lost, "1");
  assert.equal(clock.frame(1000), 0);
  gl.lost = false;
  const [photos, draws] = [gl.times("texImage3D"), gl.draws.length];
  canvas.dispatch("webglcontextrestored");
  clock.frame();
  assert.deepEqual([canvas.dataset.lost, gl.times("texImage3D")], [undefined, photos + 1]);
  assert.ok(gl.draws.length > draws);
  clock.advance(10000);
  assert.deepEqual(told, []);
});

test("a context that stays lost for four seconds is given up", async () => {
  await shown();
  gl.lost = true;
  canvas.dispatch("webglcontextlost");
  clock.advance(3999);
  assert.deepEqual(told, []);
  clock.advance(1);
  assert.deepEqual(told, [["webgl", false]]);
});

test("unmounting gives the context back, stops all clocks, and tells nothing afterwards", async () => {
  const unmount = await shown();
  canvas.viewer.change({ radius: 0.05 }, true);
  canvas.viewer.togglePlay();
  unmount();
  assert.equal(gl.lost, true);
  assert.equal(FakeResizeObserver.all[0].disconnected, true);
  assert.equal(clock.frames.size, 0);
  await turns();
  clock.advance(20000);
  assert.deepEqual(told, [], "least of all that graphics were lost");
});

test("a click or a picture still on its way when the page goes comes to nothing", async () => {
  const unmount = await shown();
  const { x, y } = canvas.viewer.panes()[0];
  const event = { clientX: x + 20, clientY: y + 20, pointerId: 1, button: 0 };
  canvas.dispatch("pointerdown", event);
  canvas.dispatch("pointerup", event);
  decodeByHand();
  receive(payload({ id: "two" }));
  await until(() => decoded.length === 1);
  unmount();
  decoded[0]();
  await turns();
  clock.advance(5000);
  assert.deepEqual([told, clock.frames.size, clock.timers.size], [[], 0, 0]);
});

test("a viewer that comes back is a new one", async () => {
  const unmount = await shown();
  const { viewer } = canvas;
  unmount();
  canvas = make("canvas", { gl: new FakeGl() });
  place = page(canvas);
  await shown();
  assert.notEqual(canvas.viewer, viewer);
  assert.equal(canvas.dataset.layer, "b");
});
