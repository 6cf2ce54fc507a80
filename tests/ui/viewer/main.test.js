import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { mount } from "../../../attnviz/ui/viewer/js/main.js";
import { header, HOSTILE, MATTES, payload, VIEW } from "./examples.js";
import { FakeGl } from "./fake_gl.js";
import { FakeResizeObserver, installPage, make, until } from "./fakes.js";
import { ASSETS, page } from "./page.js";

let clock, motion, place, gl, told, canvas;

beforeEach(() => {
  ({ clock, motion } = installPage());
  globalThis.createImageBitmap = async () => ({ width: 512, height: 384 });
  gl = new FakeGl();
  canvas = make("canvas", { gl });
  gl.canvas = canvas;
  place = page(canvas);
  told = [];
});

const part = (selector) => place.querySelector(selector);
const receive = (data) => {
  mount(
    {
      parentElement: place,
      data,
      setStateValue: (name, value) => told.push([name, value]),
      setTriggerValue: (name, value) => told.push([name, value]),
    },
    ASSETS,
  );
};
const shown = async (data = payload(), id = "one") => {
  receive(data);
  await until(() => canvas.viewer.scene?.header.id === id);
  clock.frame();
};
const named = (name) => told.filter(([one]) => one === name).map(([, value]) => value);
const key = (pressed, more = {}) => canvas.dispatch("keydown", { key: pressed, ...more });

test("a payload is drawn, from the view's layer on", async () => {
  await shown();
  assert.equal(canvas.dataset.layer, "b");
  assert.equal(part(".position output").textContent, "b · 2 of 3");
  assert.equal(part(".layer").max, 2);
  assert.equal(part(".notice").hidden, true);
  assert.ok(gl.draws.length > 0);
  assert.deepEqual(told, [], "and nothing is told");
});

test("hostile names of layers and titles are only ever text", async () => {
  const layers = header().layers.map((layer) => ({ ...layer, name: HOSTILE }));
  await shown(payload({ layers, title: HOSTILE, legend: HOSTILE }));
  clock.advance(1000);
  assert.equal(part(".strip").children[0].title, HOSTILE);
  assert.ok(part(".note").text.startsWith(HOSTILE));
  assert.ok(canvas.ariaLabel.includes(HOSTILE));
  const texts = [...place.descendants()].filter((node) => node.text.includes("<img"));
  assert.ok(texts.length >= 6 && texts.every((node) => node.children.length === 0));
  assert.ok([...place.descendants()].every((node) => node.tagName !== "IMG"));
});

test("arrow keys step through the layers and stop at the ends", async () => {
  await shown();
  assert.equal(key("ArrowRight").defaultPrevented, true);
  key("ArrowRight");
  key("ArrowRight");
  assert.equal(canvas.viewer.position, 2);
  key("Home");
  key("ArrowLeft");
  assert.equal(canvas.viewer.position, 0);
  key("End");
  assert.equal(canvas.viewer.view.layer, "c");
  assert.equal(key("a").defaultPrevented, false);
});

test("the view is told once, a second after the last of many changes", async () => {
  await shown();
  for (const pressed of ["ArrowLeft", "End", "Home", "ArrowRight", "ArrowRight"]) {
    key(pressed);
    clock.frame(300);
  }
  const radius = part(".radius input");
  for (const value of [0.03, 0.04, 0.05]) Object.assign(radius, { value }).dispatch("input");
  radius.dispatch("change");
  clock.advance(999);
  assert.deepEqual(told, []);
  clock.advance(1);
  assert.deepEqual(told, [["view", { ...VIEW, layer: "c", radius: 0.05, viewId: "net|1" }]]);
  clock.advance(10000);
  assert.equal(told.length, 1);
});

test("a slider under the hand tells nothing, and all of it is drawn at most once a frame", async () => {
  await shown();
  const frames = Number(canvas.dataset.frames);
  const opacity = part(".opacity input");
  for (let i = 0; i < 40; i++) Object.assign(opacity, { value: i / 40 }).dispatch("input");
  clock.frame();
  assert.equal(Number(canvas.dataset.frames), frames + 1);
  clock.advance(5000);
  assert.deepEqual(told, []);
});

test("a click tells its exact point and layer", async () => {
  await shown();
  const { x, y, width, height } = canvas.viewer.panes()[1];
  const event = { clientX: x + 0.3 * width, clientY: y + 0.7 * height, pointerId: 1, button: 0 };
  canvas.dispatch("pointerdown", event);
  canvas.dispatch("pointerup", event);
  clock.advance(300);
  const [picked] = named("picked");
  assert.ok(Math.abs(picked.x - 0.3) < 1e-12 && Math.abs(picked.y - 0.7) < 1e-12);
  assert.equal(picked.layer, "b");
  assert.deepEqual(
    part(".crosses").children.map((cross) => cross.className),
    ["picked", "picked"],
  );
});

test("playing tells nothing, pausing tells the layer", async () => {
  await shown();
  part(".play").dispatch("click");
  assert.deepEqual([part(".play").textContent, part(".play").ariaPressed], ["Pause", "true"]);
  for (let i = 0; i < 200; i++) clock.frame();
  assert.deepEqual(told, []);
  motion.matches = true;
  part(".play").dispatch("click");
  clock.advance(1000);
  assert.deepEqual(named("view").length, 1);
  assert.ok(Number.isInteger(canvas.viewer.position));
  assert.equal(part(".play").textContent, "Play");
});

test("the picture is told in words, once it stays", async () => {
  await shown();
  clock.advance(400);
  assert.match(
    part(".spoken").textContent,
    /^Attention, b, layer 2 of 3: focus covers \d+ % of the picture/,
  );
  assert.equal(canvas.ariaLabel, part(".spoken").textContent);
});

test("zooming shows the way back to the whole picture", async () => {
  await shown();
  key("+");
  assert.equal(part(".reset").hidden, false);
  assert.ok(part(".stage").classList.contains("zoomed"));
  part(".reset").dispatch("click");
  assert.deepEqual([part(".reset").hidden, canvas.viewer.zoom.scale], [true, 1]);
});

test("buttons, strip, slider and wheel step too", async () => {
  await shown();
  part(".back").dispatch("click");
  assert.equal(canvas.viewer.view.layer, "a");
  part(".on").dispatch("click");
  part(".strip").children[2].dispatch("click");
  assert.equal(canvas.viewer.view.layer, "c");
  part(".strip").dispatch("keydown", { key: "ArrowLeft" });
  assert.equal(document.activeElement, part(".strip").children[1]);
  Object.assign(part(".layer"), { value: "0.4" }).dispatch("input");
  assert.equal(canvas.viewer.position, 0.4);
  part(".layer").dispatch("change");
  assert.equal(canvas.viewer.position, 0);
  assert.equal(part(".layer").dispatch("wheel", { deltaY: 100 }).defaultPrevented, true);
  assert.equal(canvas.viewer.position, 1);
});

test("the outline is asked for at once, with a word, while its mattes are missing", async () => {
  await shown();
  Object.assign(part(".outline select"), { value: "true" }).dispatch("change");
  assert.match(part(".notice").textContent, /Finding the object/);
  clock.advance(0);
  assert.equal(named("view")[0].outline, true);
  await shown(payload({ id: "two", mattes: MATTES }), "two");
  assert.equal(part(".notice").hidden, true);
});

test("the stage follows its width, until it goes", async () => {
  await shown();
  const [observer] = FakeResizeObserver.all;
  assert.deepEqual(observer.seen, [part(".stage")]);
  part(".stage").clientWidth = 400;
  observer.call();
  assert.equal(canvas.viewer.panes()[1].x, canvas.viewer.panes()[0].x, "one above the other");
});
