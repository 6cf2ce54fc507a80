import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { listen, listenToWipe, stepper } from "../../../../attnviz/ui/components/viewer/js/pointer.js";
import { toPicture, WHOLE } from "../../../../attnviz/ui/components/base/js/zoom.js";
import { installPage, make, near } from "../base/fakes.js";

const PANES = [
  { x: 0, y: 0, width: 400, height: 300 },
  { x: 408, y: 0, width: 400, height: 300 },
];
let clock, canvas, host, messages;

beforeEach(() => {
  ({ clock } = installPage());
  canvas = make("canvas", { bounds: { left: 10, top: 20 } });
  messages = [];
  host = { zoom: WHOLE, index: 3, panes: () => PANES };
  for (const name of ["hover", "pick", "setZoom", "step"])
    {host[name] = (...given) => messages.push([name, ...given]);}
  host.setZoom = (zoom) => {
    host.zoom = zoom;
    messages.push(["setZoom", zoom]);
  };
  listen(canvas, host);
});

const at = (x, y, more = {}) => ({
  clientX: 10 + x,
  clientY: 20 + y,
  pointerId: 1,
  button: 0,
  ...more,
});
const click = (x, y, more) => {
  canvas.dispatch("pointerdown", at(x, y, more));
  canvas.dispatch("pointerup", at(x, y, more));
};
const of = (name) => messages.filter(([one]) => one === name).map(([, value]) => value);

test("a click picks its exact point, once it cannot become a double click", () => {
  click(100, 150);
  assert.deepEqual(messages, []);
  clock.advance(259);
  assert.deepEqual(messages, []);
  clock.advance(1);
  assert.deepEqual(messages, [["pick", { x: 0.25, y: 0.5 }, 3]]);
  assert.equal(document.activeElement, canvas);
});

test("a click in the second pane, zoomed in, is a point of the picture too", () => {
  host.zoom = { scale: 2, x: 0.25, y: 0.75 };
  click(408 + 100, 75);
  clock.advance(300);
  assert.deepEqual(of("pick"), [{ x: 0.125, y: 0.625 }]);
});

test("a double click shows the whole picture and picks nothing", () => {
  click(100, 150);
  clock.advance(120);
  click(100, 150);
  canvas.dispatch("dblclick");
  clock.advance(1000);
  assert.deepEqual(messages, [["setZoom", WHOLE]]);
});

test("neither a drag, nor another button, nor the gap between the panes is a click", () => {
  canvas.dispatch("pointerdown", at(100, 100));
  canvas.dispatch("pointermove", at(103, 103));
  canvas.dispatch("pointerup", at(100, 100));
  click(100, 100, { button: 2 });
  click(404, 100);
  canvas.dispatch("pointerup", at(50, 50, { pointerId: 9 }));
  clock.advance(1000);
  assert.deepEqual(of("pick"), []);
});

test("a hand that trembles a little still clicks, where it lets go", () => {
  canvas.dispatch("pointerdown", at(100, 100));
  canvas.dispatch("pointermove", at(102, 100));
  canvas.dispatch("pointerup", at(102, 100));
  clock.advance(300);
  assert.deepEqual(of("pick"), [{ x: 0.255, y: 1 / 3 }]);
});

test("two fingers that tap pick nothing", () => {
  canvas.dispatch("pointerdown", at(100, 100));
  canvas.dispatch("pointerdown", at(200, 100, { pointerId: 2 }));
  canvas.dispatch("pointerup", at(100, 100));
  canvas.dispatch("pointerup", at(200, 100, { pointerId: 2 }));
  clock.advance(1000);
  assert.deepEqual(of("pick"), []);
  click(100, 150);
  clock.advance(300);
  assert.deepEqual(of("pick"), [{ x: 0.25, y: 0.5 }], "one finger does again");
});

test("pointing tells the point, and null off the panes", () => {
  canvas.dispatch("pointermove", at(200, 75));
  canvas.dispatch("pointermove", at(404, 75));
  canvas.dispatch("pointermove", at(500, 400));
  canvas.dispatch("pointerleave");
  assert.deepEqual(of("hover"), [{ x: 0.5, y: 0.25 }, null, null, null]);
});

test("dragging pans a zoomed picture and leaves a whole one", () => {
  canvas.dispatch("pointerdown", at(100, 100));
  canvas.dispatch("pointermove", at(140, 100));
  assert.deepEqual(of("setZoom"), []);
  host.zoom = { scale: 2, x: 0.5, y: 0.5 };
  canvas.dispatch("pointermove", at(180, 130));
  near(host.zoom.x, 0.45);
  near(host.zoom.y, 0.45);
  canvas.dispatch("pointercancel", at(180, 130));
  canvas.dispatch("pointermove", at(300, 130));
  near(host.zoom.x, 0.45);
});

test("two fingers zoom about their middle by how far they come apart", () => {
  canvas.dispatch("pointerdown", at(100, 150));
  canvas.dispatch("pointerdown", at(200, 150, { pointerId: 2 }));
  canvas.dispatch("pointermove", at(100, 150));
  assert.deepEqual(of("setZoom"), [], "the first move only measures");
  const before = toPicture(host.zoom, 200 / 400, 0.5);
  canvas.dispatch("pointermove", at(300, 150, { pointerId: 2 }));
  near(host.zoom.scale, 2);
  const after = toPicture(host.zoom, 200 / 400, 0.5);
  near(after.x, before.x);
  canvas.dispatch("pointerup", at(100, 150));
  canvas.dispatch("pointerup", at(300, 150, { pointerId: 2 }));
  clock.advance(1000);
  assert.deepEqual(of("pick"), []);
});

test("Ctrl and the wheel zoom about the pointer, focus or not", () => {
  const before = toPicture(host.zoom, 0.25, 0.8);
  const event = canvas.dispatch("wheel", at(100, 240, { ctrlKey: true, deltaY: -300 }));
  assert.equal(event.defaultPrevented, true);
  near(host.zoom.scale, Math.E);
  const after = toPicture(host.zoom, 0.25, 0.8);
  near(after.x, before.x);
  near(after.y, before.y);
  assert.deepEqual(of("step"), []);
  const gap = canvas.dispatch("wheel", at(404, 10, { ctrlKey: true, deltaY: -300 }));
  assert.equal(gap.defaultPrevented, true, "nor may the page zoom in the gap");
  assert.equal(of("setZoom").length, 1);
});

test("without focus the wheel scrolls the page", () => {
  const event = canvas.dispatch("wheel", at(100, 100, { deltaY: 500 }));
  assert.equal(event.defaultPrevented, false);
  assert.deepEqual(messages, []);
});

test("with focus the wheel steps through the layers, one for 60 px either way", () => {
  canvas.focus();
  for (const deltaY of [30, 20])
    {assert.equal(canvas.dispatch("wheel", at(1, 1, { deltaY })).defaultPrevented, true);}
  assert.deepEqual(messages, []);
  canvas.dispatch("wheel", at(1, 1, { deltaY: 10 }));
  canvas.dispatch("wheel", at(1, 1, { deltaY: -120 }));
  assert.deepEqual(messages, [
    ["step", 1],
    ["step", -1],
  ]);
});

test("a pointer that cannot be captured is no error", () => {
  canvas.refusesCapture = true;
  canvas.dispatch("pointerdown", at(1, 1));
  assert.deepEqual(canvas.captured, []);
});

test("the divider follows the pointer within its pane, and the arrow keys", () => {
  const handle = make("div.wipe", { ariaValueNow: "50" });
  make("div.stage", { bounds: { left: 100 } }, handle);
  const moves = [];
  listenToWipe(
    handle,
    () => ({ x: 50, width: 200 }),
    (...given) => moves.push(given),
  );
  handle.dispatch("pointerdown", { pointerId: 4 });
  handle.dispatch("pointermove", { clientX: 200, buttons: 0 });
  handle.dispatch("pointermove", { clientX: 200, buttons: 1 });
  handle.dispatch("pointermove", { clientX: 20, buttons: 1 });
  handle.dispatch("pointerup", { clientX: 999 });
  assert.deepEqual(moves, [
    [0.25, false],
    [0, false],
    [1, true],
  ]);
  assert.deepEqual(handle.captured, [4]);
  const key = handle.dispatch("keydown", { key: "ArrowLeft" });
  assert.deepEqual([moves.pop(), key.defaultPrevented], [[0.48, true], true]);
  assert.equal(handle.dispatch("keydown", { key: "ArrowUp" }).defaultPrevented, false);
});

test("a click picks from the layer that was clicked, whatever is shown by then", () => {
  click(100, 150);
  host.index = 5;
  clock.advance(260);
  assert.deepEqual(messages, [["pick", { x: 0.25, y: 0.5 }, 3]]);
});

test("another button neither pans, nor takes the focus, nor counts as a finger", () => {
  host.zoom = { scale: 2, x: 0.5, y: 0.5 };
  canvas.dispatch("pointerdown", at(100, 100, { button: 2 }));
  canvas.dispatch("pointermove", at(200, 100));
  assert.deepEqual([of("setZoom"), canvas.captured, document.activeElement], [[], [], null]);
  click(100, 150);
  clock.advance(260);
  assert.equal(of("pick").length, 1);
});

test("a drag that the browser takes over is over, and the next click is one", () => {
  host.zoom = { scale: 2, x: 0.5, y: 0.5 };
  canvas.dispatch("pointerdown", at(100, 100));
  canvas.dispatch("lostpointercapture", at(100, 100));
  canvas.dispatch("pointermove", at(200, 100));
  assert.deepEqual(of("setZoom"), []);
  click(200, 150, { pointerId: 7 });
  clock.advance(260);
  assert.deepEqual(of("pick"), [{ x: 0.5, y: 0.5 }], "no second finger");
});

test("a stepper steps once for 60 px, and starts anew from there", () => {
  const steps = [];
  const turn = stepper((by) => steps.push(by));
  const turned = (deltaY) => {
    let prevented = false;
    turn({ deltaY, preventDefault: () => (prevented = true) });
    return [prevented, steps.splice(0)];
  };
  assert.deepEqual(turned(59), [true, []]);
  assert.deepEqual(turned(1), [true, [1]]);
  assert.deepEqual(turned(500), [true, [1]], "one for one turn, however far");
  assert.deepEqual(turned(-40), [true, []]);
  assert.deepEqual(turned(30), [true, []], "back and forth is nowhere");
  assert.deepEqual(turned(-50), [true, [-1]]);
});
