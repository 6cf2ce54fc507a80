// The viewer itself: what the server hears of its user, and what they hear of the picture.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Viewer } from "../../../../attnviz/ui/components/viewer/js/viewer.js";
import { payload, VIEW } from "../base/examples.js";
import { until } from "../base/fakes.js";
import { ASSETS, openPage } from "../base/page.js";

let here, clock, messages, canvas, part, named, key, shown, viewer;

beforeEach(async () => {
  here = openPage();
  ({ clock, messages, canvas, part, named, key, shown } = here);
  await shown();
  ({ viewer } = canvas);
});

const pressAt = (target) => document.dispatch("pointerdown", { target });

test("a viewer stands on its own, and can be called by whoever has its parts", async () => {
  const other = openPage();
  const alone = new Viewer(other.part(".viewer"), ASSETS);
  const heard = [];
  assert.deepEqual([alone.count, alone.panes(), alone.view], [0, [], null]);
  alone.receive({
    data: other.sent({ view: { ...VIEW, layer: "c" } }),
    setStateValue: (...given) => heard.push(given),
    setTriggerValue: (...given) => heard.push(given),
  });
  await until(() => alone.scene);
  assert.deepEqual([alone.count, alone.index, alone.panes().length], [3, 2, 2]);
  alone.pick({ x: 0.25, y: 0.75 }, 0);
  assert.deepEqual(heard, [["picked", { x: 0.25, y: 0.75, layer: "a" }]]);
  alone.close();
  assert.deepEqual([alone.count, alone.closed, other.gl.lost], [0, true, true]);
});

test("the view is messages once, a second after the last of many changes", () => {
  for (const pressed of ["ArrowLeft", "End", "Home", "ArrowRight", "ArrowRight"]) {
    key(pressed);
    clock.frame(300);
  }
  const radius = part(".radius input");
  for (const value of [0.03, 0.04, 0.05]) Object.assign(radius, { value }).dispatch("input");
  radius.dispatch("change");
  clock.advance(999);
  assert.deepEqual(messages, []);
  clock.advance(1);
  const view = { ...VIEW, layer: "c", radius: 0.05, viewId: here.viewId };
  assert.deepEqual(messages, [["view", view]]);
  clock.advance(10000);
  assert.equal(messages.length, 1);
});

test("a view that the server knows is not messages again", async () => {
  key("ArrowRight");
  key("ArrowLeft");
  clock.advance(5000);
  assert.deepEqual(messages, [], "there and back within a second");
  key("ArrowRight");
  clock.advance(1000);
  here.receive(here.sent());
  key("ArrowRight");
  clock.advance(5000);
  assert.equal(named("view").length, 1);
  const view = { ...VIEW, radius: 0.01 };
  await shown({ id: "two", viewId: `${here.viewId} again`, view });
  viewer.change({ radius: 0.01 }, true);
  clock.advance(5000);
  assert.equal(named("view").length, 1, "the server's own");
});

test("playing tells nothing, whatever is changed meanwhile; pausing tells the whole layer", () => {
  viewer.change({ radius: 0.05 }, true);
  part(".play").dispatch("click");
  viewer.change({ threshold: 0.5 }, true);
  for (let i = 0; i < 200; i++) clock.frame();
  pressAt(document);
  assert.deepEqual(messages, []);
  part(".play").dispatch("click");
  clock.advance(1000);
  const { layer, radius, threshold } = named("view")[0];
  assert.deepEqual([named("view").length, radius, threshold], [1, 0.05, 0.5]);
  assert.ok(Number.isInteger(viewer.position));
  assert.equal(layer, "abc"[viewer.position]);
});

test("asking for the outline ends the playing, or nobody would look for the object", () => {
  part(".play").dispatch("click");
  for (let i = 0; i < 20; i++) clock.frame();
  part(".edges").children[1].dispatch("click");
  assert.equal(viewer.player.isPlaying, false);
  clock.advance(0);
  assert.equal(named("view")[0].outline, true);
  assert.equal(named("view")[0].layer, "abc"[viewer.position]);
});

test("whoever goes elsewhere takes the view along as it is now", () => {
  key("ArrowRight");
  pressAt(canvas);
  assert.deepEqual(messages, [], "a press on the viewer is no farewell");
  pressAt(document);
  assert.deepEqual(
    messages.map(([name, { layer }]) => [name, layer]),
    [["view", "c"]],
  );
  key("ArrowLeft");
  window.dispatch("pagehide");
  assert.deepEqual(
    named("view").map(({ layer }) => layer),
    ["c", "b"],
  );
  clock.advance(5000);
  assert.equal(messages.length, 2);
});

test("closing tells what was not messages yet, and listens to nobody afterwards", () => {
  key("ArrowRight");
  viewer.close();
  assert.equal(named("view")[0].layer, "c");
  viewer.view = { ...viewer.view, radius: 0.01 };
  pressAt(document);
  window.dispatch("pagehide");
  clock.advance(5000);
  assert.equal(messages.length, 1);
});

test("closing while it plays tells the layer that was reached", () => {
  part(".play").dispatch("click");
  for (let i = 0; i < 40; i++) clock.frame();
  viewer.close();
  assert.equal(named("view").length, 1);
  assert.equal(named("view")[0].layer, viewer.view.layer);
  assert.notEqual(viewer.view.layer, "b");
});

test("a point from the keyboard is marked, spoken, and picked with Enter", () => {
  key("ArrowRight", { shiftKey: true });
  assert.equal(part(".spoken").textContent, "52 % from the left, 50 % from the top: 3.72");
  assert.equal(part(".crosses").children.length, 2);
  key("Enter");
  assert.deepEqual(named("picked"), [{ x: 0.52, y: 0.5, layer: "b" }]);
  viewer.pointTo({ x: 0.1, y: 0.5 });
  assert.match(part(".spoken").textContent, /: not seen by the network$/);
});

test("a click on a layer that has gone by the time it counts comes to nothing", async () => {
  viewer.pick({ x: 0.5, y: 0.5 }, 7);
  assert.deepEqual([messages, viewer.picked], [[], null]);
});

test("the picture follows a point that would leave the pane", () => {
  viewer.setZoom({ scale: 4, x: 0.5, y: 0.5 });
  viewer.pointTo({ x: 0.6, y: 0.5 });
  assert.equal(viewer.zoom.x, 0.5, "still in sight");
  viewer.pointTo({ x: 0.7, y: 0.5 });
  assert.deepEqual(viewer.zoom, { scale: 4, x: 0.7, y: 0.5 });
});

test("a pointer beyond the picture points at nothing", () => {
  viewer.hover({ x: 0.5, y: 0.5 });
  assert.equal(part(".crosses").children.length, 2);
  for (const point of [{ x: -0.01, y: 0.5 }, { x: 0.5, y: 1.01 }, null]) {
    viewer.hover(point);
    assert.equal(viewer.pointed, null);
  }
  assert.equal(part(".crosses").children.length, 0);
});

test("a map that is flat is messages as such, and its slider names the layer", () => {
  viewer.goTo(2);
  clock.advance(400);
  assert.equal(
    canvas.ariaLabel,
    "Attention, c, layer 3 of 3: the map is flat, nothing stands out.",
  );
  assert.equal(part(".layer").ariaValueText, "c");
});

test("a payload of another picture is messages apart by its id alone", async () => {
  here.receive(payload({ viewId: here.viewId, title: "Other" }));
  clock.frame();
  assert.equal(viewer.scene.header.title, "Attention", "the same picture is not read again");
});
