// The picture with those who looked at it: time, circles, and what is shown of whom.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Gaze } from "../../../../attnviz/ui/components/fixation_player/js/gaze.js";
import { mount } from "../../../../attnviz/ui/components/fixation_player/js/main.js";
import { paint } from "../../../../attnviz/ui/components/fixation_player/js/marks.js";
import { colour, durations, duration, radii, timeText, shownAt } from "../../../../attnviz/ui/components/fixation_player/js/path.js";
import { packed } from "../base/blobs.js";
import { installPage, make } from "../base/fakes.js";

const HOSTILE = `<img src=x onerror="alert(1)">.jpg`;
const FIRST = { x: [10, 20, 30], y: [5, 6, 7], ms: [100, 400, 100] };
const SECOND = { x: [50], y: [60], ms: [900] };
const UNMEASURED = { x: [1, 2], y: [3, 4], ms: [0, 0] };
const HEADER = {
  id: "one", name: HOSTILE, size: [60, 80], note: "A note.", viewers: [FIRST, SECOND],
};

const blob = (changes = {}) =>
  packed({ ...HEADER, ...changes }, { photo: [1, 2, 3], density: [4, 5] });

/** A context that writes down the circles and numbers that are drawn. */
function drawing() {
  const done = { circles: [], texts: [], lines: [] };
  const context = { canvas: { width: 160, height: 120 } };
  for (const name of ["clearRect", "beginPath", "fill", "stroke", "moveTo"]) context[name] = () => {};
  context.lineTo = (x, y) => done.lines.push([x, y]);
  context.arc = (x, y, radius) => done.circles.push([x, y, radius]);
  context.fillText = (text, x, y) => done.texts.push([text, x, y]);
  return { context, done };
}

let root, parts, page, drawn;

beforeEach(() => {
  page = installPage();
  drawn = drawing();
  const names = {
    who: "select", play: "button", dots: "input", dense: "input", stage: "div", photo: "img",
    density: "img", marks: "canvas", time: "input", clock: "span", note: "small",
  };
  parts = Object.fromEntries(Object.entries(names).map(([name, tag]) => [name, make(`${tag}.${name}`)]));
  Object.assign(parts.dots, { checked: true });
  Object.assign(parts.dense, { checked: false });
  Object.assign(parts.marks, { clientWidth: 160, clientHeight: 120, getContext: () => drawn.context });
  root = make("div.gaze", {}, ...Object.values(parts));
  make("div", {}, root);
});

const shown = (changes) => {
  const gaze = new Gaze(root);
  gaze.receive({ data: blob(changes) });
  return gaze;
};

const pick = (who) => {
  parts.who.value = String(who);
  parts.who.dispatch("change");
  drawn.done.circles.length = drawn.done.texts.length = drawn.done.lines.length = 0;
};

test("a fixation begins when the one before it ends", () => {
  assert.deepEqual(shownAt(FIRST, 0), { begun: 1, now: 0 });
  assert.deepEqual(shownAt(FIRST, 99), { begun: 1, now: 0 });
  assert.deepEqual(shownAt(FIRST, 100), { begun: 2, now: 1 });
  assert.deepEqual(shownAt(FIRST, 550), { begun: 3, now: 2 });
  assert.deepEqual(shownAt(FIRST, 600), { begun: 3, now: -1 });
  assert.equal(duration([FIRST, SECOND]), 900);
  assert.equal(duration([]), 0);
});

test("what nobody measured duration a quarter second each", () => {
  assert.deepEqual(durations(UNMEASURED), [250, 250]);
  assert.deepEqual(durations({ ...UNMEASURED, ms: [0, 80] }), [0, 80]);
  assert.equal(duration([UNMEASURED]), 500);
});

test("a circle's area goes with its time, within bounds", () => {
  const [short, long] = radii(FIRST, 10);
  assert.ok(Math.abs((long / short) ** 2 - 4) < 0.2, `${long} ${short}`);
  assert.deepEqual(radii({ x: [0, 0], y: [0, 0], ms: [1, 9999] }, 10)[0], 6);
});

test("viewers have colours of their own, and time is timeText in words", () => {
  assert.equal(new Set([0, 1, 2, 3].map((index) => colour(index, 4))).size, 4);
  assert.equal(timeText([FIRST], 0, 120), "0.1 s of 0.6 s, fixation 2 of 3");
  assert.equal(timeText([FIRST, SECOND], -1, 5000), "0.9 s of 0.9 s");
});

test("all viewers are dots, one is a path of numbered circles", () => {
  const place = { width: 80, scale: 2, density: 1 };
  paint(drawn.context, place, [FIRST, SECOND], [0, 1], 150);
  assert.deepEqual(drawn.done.circles.map(([x, y]) => [x, y]), [[20, 10], [40, 12], [100, 120]]);
  assert.deepEqual(drawn.done.texts, []);
  const one = drawing();
  paint(one.context, place, [FIRST, SECOND], [0], 150);
  assert.deepEqual(one.done.texts.map(([text, x, y]) => [text, x, y]), [["1", 20, 10], ["2", 40, 12]]);
  assert.equal(one.done.lines.length, 2); // one jump, drawn dark and light
});

test("a picture is shown whole at first, with its name as text", () => {
  const gaze = shown();
  assert.equal(parts.photo.alt, HOSTILE);
  assert.deepEqual(parts.who.options.map((one) => one.textContent), [
    "All 2 viewers", "Viewer 1, 3 fixations", "Viewer 2, 1 fixation",
  ]);
  assert.equal(drawn.done.circles.length, 4);
  assert.equal(parts.clock.textContent, "0.9 s of 0.9 s");
  assert.equal(parts.time.value, "1000");
  assert.equal(parts.density.hidden, true);
  parts.dense.checked = true;
  parts.dense.dispatch("change");
  assert.equal(parts.density.hidden, false);
  gaze.close();
});

test("a viewer is played in order with their durations, paused, and scrubbed", () => {
  const gaze = shown();
  pick(0);
  parts.play.dispatch("click");
  assert.match(parts.play.textContent, /Pause/);
  page.clock.frame(50);
  assert.equal(parts.clock.textContent, "0.1 s of 0.6 s, fixation 1 of 3");
  page.clock.frame(100);
  assert.equal(parts.clock.textContent, "0.1 s of 0.6 s, fixation 2 of 3");
  parts.play.dispatch("click");
  page.clock.frame(1000);
  assert.equal(root.dataset.time, "150");
  parts.play.dispatch("click");
  page.clock.frame(1000);
  assert.equal(root.dataset.time, "600");
  assert.match(parts.play.textContent, /Play/);
  assert.equal(page.clock.frames.size, 0);
  parts.time.value = "0";
  parts.time.dispatch("input");
  assert.equal(parts.clock.textContent, "0.0 s of 0.6 s, fixation 1 of 3");
  gaze.close();
});

test("the next picture keeps the viewer where it has one, and goes back to all else", () => {
  const gaze = shown();
  pick(1);
  gaze.receive({ data: blob({ id: "two" }) });
  assert.equal(parts.who.value, "1");
  gaze.receive({ data: blob({ id: "three", viewers: [FIRST] }) });
  assert.equal(parts.who.value, "-1");
  assert.equal(parts.who.options[0].textContent, "The only viewer");
  gaze.close();
});

test("the stage stays while its data stay, and ends with its last call", () => {
  const host = { parentElement: root.parentElement, data: blob() };
  const first = mount(host);
  pick(0);
  const second = mount(host);
  assert.equal(parts.who.value, "0");
  first();
  parts.play.dispatch("click");
  assert.equal(page.clock.frames.size, 1);
  second();
  assert.equal(page.clock.frames.size, 0);
});
