// The component's entry, and the viewer as its user meets it.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { mount } from "../../../../attnviz/ui/components/viewer/js/main.js";
import { header, HOSTILE, MATTES, payload, VIEW } from "../base/examples.js";
import { FakeResizeObserver } from "../base/fakes.js";
import { ASSETS, openPage } from "../base/page.js";

let here, clock, messages, canvas, part, named, key, shown;

beforeEach(() => {
  here = openPage();
  ({ clock, messages, canvas, part, named, key, shown } = here);
});

test("one place has one viewer, however often it is called for", () => {
  const component = { parentElement: here.place, data: null };
  mount(component, ASSETS);
  const { viewer } = canvas;
  mount(component, ASSETS);
  assert.equal(canvas.viewer, viewer);
  assert.equal(viewer.mounts, 2);
});

test("a payload is drawn, from the view's layer on", async () => {
  await shown();
  assert.equal(canvas.dataset.layer, "b");
  assert.equal(part(".position b").textContent, "b · 2 of 3");
  assert.equal(part(".layer").ariaValueText, "b");
  assert.equal(part(".layer").max, 2);
  assert.equal(part(".notice").hidden, true);
  assert.ok(here.gl.draws.length > 0);
  assert.deepEqual(messages, [], "and nothing is messages");
});

test("hostile names of layers and titles are only ever text", async () => {
  const layers = header().layers.map((layer) => ({ ...layer, name: HOSTILE }));
  await shown({ layers, title: HOSTILE, legend: HOSTILE });
  clock.advance(1000);
  assert.equal(part(".strip").children[0].title, HOSTILE);
  assert.ok(part(".note").text.startsWith(HOSTILE));
  assert.ok(canvas.ariaLabel.includes(HOSTILE));
  const texts = [...here.place.descendants()].filter((node) => node.text.includes("<img"));
  assert.ok(texts.length >= 6 && texts.every((node) => node.children.length === 0));
  assert.ok([...here.place.descendants()].every((node) => node.tagName !== "IMG"));
});

test("a layer of another kind than the rest is called by its own title", async () => {
  const layers = header().layers.map((layer, index) => ({ ...layer, title: index ? "" : "Around the point" }));
  await shown({ layers });
  const titles = () => part(".labels").children.map((label) => label.textContent);
  assert.equal(titles()[1], "Attention");
  key("Home");
  clock.advance(1000);
  assert.equal(titles()[1], "Around the point");
  assert.match(canvas.ariaLabel, /^Around the point, a/);
});

test("another view of the same photo keeps its zoom", async () => {
  await shown();
  const zoom = { scale: 3, x: 0.5, y: 0.5 };
  canvas.viewer.setZoom(zoom);
  await shown({ id: "two", viewId: "another view", photo: { width: 512, height: 384, id: "photo of one" } });
  assert.deepEqual(canvas.viewer.zoom, zoom);
  await shown({ id: "three", viewId: "a third" });
  assert.equal(canvas.viewer.zoom.scale, 1);
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

test("a slider under the hand tells nothing, and all of it is drawn at most once a frame", async () => {
  await shown();
  const frames = Number(canvas.dataset.frames);
  const opacity = part(".opacity input");
  for (let i = 0; i < 40; i++) Object.assign(opacity, { value: i / 40 }).dispatch("input");
  clock.frame();
  assert.equal(Number(canvas.dataset.frames), frames + 1);
  clock.advance(5000);
  assert.deepEqual(messages, []);
});

test("a click tells its exact point and the layer that was clicked", async () => {
  await shown();
  const { x, y, width, height } = canvas.viewer.panes()[1];
  const event = { clientX: x + 0.3 * width, clientY: y + 0.7 * height, pointerId: 1, button: 0 };
  canvas.dispatch("pointerdown", event);
  canvas.dispatch("pointerup", event);
  key("ArrowRight");
  clock.advance(300);
  const [picked] = named("picked");
  assert.ok(Math.abs(picked.x - 0.3) < 1e-12 && Math.abs(picked.y - 0.7) < 1e-12);
  assert.equal(picked.layer, "b");
  assert.deepEqual(
    messages.map(([name]) => name),
    ["view", "picked"],
    "the answer is to the view as it is",
  );
  assert.equal(named("view")[0].layer, "c");
  assert.deepEqual(
    part(".crosses").children.map((cross) => cross.className),
    ["picked", "picked"],
  );
});

test("the button says what a press would do, and so has no state of its own", async () => {
  await shown();
  part(".play").dispatch("click");
  assert.deepEqual([part(".play").textContent, part(".play").ariaPressed], ["Pause", undefined]);
  part(".play").dispatch("click");
  assert.deepEqual([part(".play").textContent, part(".play").ariaPressed], ["Play", undefined]);
  assert.ok(Number.isInteger(canvas.viewer.position));
});

test("the picture is messages in words, once it stays", async () => {
  await shown();
  clock.advance(380);
  assert.equal(part(".spoken").textContent, "");
  clock.advance(20);
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
  part(".strip").dispatch("keydown", { key: "ArrowUp" });
  assert.equal(document.activeElement, part(".strip").children[1]);
  Object.assign(part(".layer"), { value: "0.4" }).dispatch("input");
  assert.equal(canvas.viewer.position, 0.4);
  part(".layer").dispatch("change");
  assert.equal(canvas.viewer.position, 0);
});

test("the wheel turns the slider where that has the focus, and scrolls the page elsewhere", async () => {
  await shown();
  const slider = part(".layer");
  assert.equal(slider.dispatch("wheel", { deltaY: 100 }).defaultPrevented, false);
  assert.equal(canvas.viewer.position, 1);
  slider.focus();
  assert.equal(slider.dispatch("wheel", { deltaY: -40 }).defaultPrevented, true);
  assert.equal(canvas.viewer.position, 1);
  slider.dispatch("wheel", { deltaY: -40 });
  assert.equal(canvas.viewer.position, 0);
});

test("the outline is asked for at once, with a word, while its mattes are missing", async () => {
  await shown();
  const [field, object] = part(".edges").children;
  object.dispatch("click");
  assert.match(part(".notice").textContent, /Finding the object/);
  clock.advance(0);
  assert.equal(named("view")[0].outline, true);
  await shown({ id: "two", mattes: MATTES });
  assert.equal(part(".notice").hidden, true);
  field.dispatch("click");
  object.dispatch("click");
  assert.equal(part(".notice").hidden, true, "they are there by now");
});

test("the stage follows its width, until it goes", async () => {
  await shown();
  const [observer] = FakeResizeObserver.all;
  assert.deepEqual(observer.seen, [part(".stage")]);
  part(".stage").clientWidth = 400;
  observer.call();
  assert.equal(canvas.viewer.panes()[1].x, canvas.viewer.panes()[0].x, "one above the other");
});

test("the speed box shows the nearest lower speed, and sets its own", async () => {
  for (const [speed, value] of [[0.25, "0.5"], [0.5, "0.5"], [1.9, "1"], [2, "2"], [7.9, "4"], [30, "25"]]) {
    const view = { ...VIEW, speed };
    here.receive(payload({ viewId: `${here.viewId} ${speed}`, view }));
    await shown({ viewId: `${here.viewId} ${speed}`, view });
    assert.equal(part(".speed select").value, value, `${speed} a second`);
    assert.equal(canvas.viewer.view.speed, speed, "the view keeps its own");
  }
  Object.assign(part(".speed select"), { value: "1" }).dispatch("change");
  assert.equal(canvas.viewer.view.speed, 1);
});
