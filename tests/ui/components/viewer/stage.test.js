import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import {
  arrange,
  devicePanes,
  label,
  mark,
  placeWipe,
} from "../../../../attnviz/ui/components/viewer/js/stage.js";
import { WHOLE } from "../../../../attnviz/ui/components/base/js/zoom.js";
import { HOSTILE, VIEW } from "../base/examples.js";
import { installPage, make } from "../base/fakes.js";

const PANES = [
  { x: 0, y: 0, width: 400, height: 300 },
  { x: 408, y: 0, width: 400, height: 300 },
];
let canvas, stage, area;

beforeEach(() => {
  installPage();
  canvas = make("canvas");
  area = make("div.labels");
  stage = make("div.stage", { clientWidth: 808 }, canvas, area);
});

test("the canvas gets the stage's size in device px", () => {
  window.devicePixelRatio = 1.5;
  const made = arrange(stage, canvas, { width: 4, height: 3 }, VIEW);
  assert.deepEqual(made, { panes: PANES, height: 300, density: 1.5 });
  assert.deepEqual([canvas.width, canvas.height, canvas.style.height], [1212, 450, "300px"]);
});

test("a canvas whose size stays is not touched: setting it would clear the picture", () => {
  let set = 0;
  Object.defineProperty(canvas, "width", {
    get: () => 808,
    set: () => {
      set += 1;
    },
  });
  arrange(stage, canvas, { width: 4, height: 3 }, VIEW);
  arrange(stage, canvas, { width: 4, height: 3 }, VIEW);
  assert.equal(set, 0);
});

test("on a phone the stage leaves room for the photos above it and the buttons below", () => {
  Object.assign(window, { innerWidth: 390, innerHeight: 844 });
  const tall = { width: 3, height: 4 };
  const phone = arrange(stage, canvas, tall, { ...VIEW, mode: "bokeh" });
  assert.equal(phone.height, 0.52 * 844);
  window.innerWidth = 1280;
  assert.equal(arrange(stage, canvas, tall, { ...VIEW, mode: "bokeh" }).height, 0.72 * 844);
});

test("no more than three million px are drawn, and never a stage of no width", () => {
  Object.assign(window, { devicePixelRatio: 4, innerHeight: 2000 });
  arrange(
    Object.assign(stage, { clientWidth: 1600 }),
    canvas,
    { width: 1, height: 1 },
    { ...VIEW, mode: "heat" },
  );
  assert.ok(canvas.width * canvas.height <= 3.01e6 && canvas.width * canvas.height > 2.9e6);
  const { panes } = arrange(
    Object.assign(stage, { clientWidth: 0 }),
    canvas,
    { width: 4, height: 3 },
    VIEW,
  );
  assert.ok(panes.every(({ width, height }) => width > 0 && height > 0));
});

test("device panes are whole px", () => {
  const panes = devicePanes({
    panes: [{ x: 0.4, y: 10.3, width: 99.9, height: 50 }],
    density: 1.5,
  });
  assert.deepEqual(panes, [{ x: 1, y: 15, width: 150, height: 75 }]);
});

test("each pane is named, in a split view both sides of the divider", () => {
  const shown = (view, panes) => {
    label(area, panes, view, "Attention");
    return area.children.map(({ textContent, style }) => [textContent, style.left ?? style.right]);
  };
  assert.deepEqual(shown(VIEW, PANES), [
    ["Focus picture · attention field", "0px"],
    ["Attention", "408px"],
  ]);
  assert.deepEqual(shown({ ...VIEW, mode: "photo" }, PANES.slice(0, 1)), [["Photo", "0px"]]);
  assert.deepEqual(shown({ ...VIEW, mode: "split" }, [{ x: 4, y: 0, width: 800, height: 9 }]), [
    ["Focus picture · attention field", "4px"],
    ["Attention", "4px"],
  ]);
});

test("a hostile title is only ever text", () => {
  label(area, PANES, VIEW, HOSTILE);
  assert.equal(area.children[1].text, HOSTILE);
  assert.equal(area.children[1].children.length, 0);
});

test("marks stand in every pane, where the zoom has their point", () => {
  const places = (zoom, point, picked) => {
    mark(area, PANES, zoom, point, picked);
    return area.children.map(({ className, style }) => [className, style.left, style.top]);
  };
  assert.deepEqual(places(WHOLE, { x: 0.5, y: 0.25 }, { x: 0, y: 1 }), [
    ["picked", "0px", "300px"],
    ["picked", "408px", "300px"],
    ["pointed", "200px", "75px"],
    ["pointed", "608px", "75px"],
  ]);
  assert.deepEqual(
    places({ scale: 2, x: 0.25, y: 0.5 }, { x: 0.75, y: 0.5 }, { x: 0.25, y: 0.5 }),
    [
      ["picked", "200px", "150px"],
      ["picked", "608px", "150px"],
    ],
  );
  assert.deepEqual(places(WHOLE, null, null), []);
});

test("the divider is there in the split view alone, at its share", () => {
  const handle = make("div.wipe");
  placeWipe(handle, PANES[1], { ...VIEW, mode: "split", wipe: 0.254 });
  assert.deepEqual(
    [handle.hidden, handle.style, handle.ariaValueNow],
    [false, { left: "509.6px", top: "0px", height: "300px" }, "25"],
  );
  placeWipe(handle, PANES[0], VIEW);
  assert.equal(handle.hidden, true);
});
