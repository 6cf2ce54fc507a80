import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { layerKey, stageKey, stripKey } from "../../../../attnviz/ui/components/base/js/keyboard.js";
import { WHOLE } from "../../../../attnviz/ui/components/base/js/zoom.js";

let messages, host;

beforeEach(() => {
  messages = [];
  const tell =
    (name) =>
    (...given) =>
      messages.push([name, ...given]);
  host = { pointed: null, zoom: WHOLE };
  for (const name of ["step", "goTo", "pointTo", "togglePlay", "pick", "setZoom"])
    {host[name] = tell(name);}
});

const press = (key, more = {}) => stageKey({ key, ...more }, host);

test("arrows and pages step, Home and End go to the ends", () => {
  const keys = ["ArrowRight", "ArrowUp", "PageUp", "ArrowLeft", "ArrowDown", "PageDown"];
  assert.ok(keys.every((key) => layerKey({ key }, host)));
  assert.deepEqual(messages, [...Array(3).fill(["step", 1]), ...Array(3).fill(["step", -1])]);
  messages = [];
  assert.ok(layerKey({ key: "Home" }, host) && layerKey({ key: "End" }, host));
  assert.deepEqual(messages, [
    ["goTo", 0],
    ["goTo", Infinity],
  ]);
});

test("keys that belong to the browser are left to it", () => {
  for (const held of ["ctrlKey", "altKey", "metaKey"]) {
    assert.equal(layerKey({ key: "ArrowLeft", [held]: true }, host), false);
  }
  assert.equal(press("+", { ctrlKey: true }), false);
  assert.equal(press("0", { metaKey: true }), false);
  assert.equal(press("Tab"), false);
  assert.equal(layerKey({ key: " " }, host), false);
  assert.deepEqual(messages, []);
});

test("Shift and an arrow move the cross-hair, from the middle on and not beyond the picture", () => {
  assert.equal(press("ArrowRight", { shiftKey: true }), true);
  host.pointed = { x: 0.99, y: 0.01 };
  press("ArrowRight", { shiftKey: true });
  press("ArrowUp", { shiftKey: true });
  press("ArrowDown", { shiftKey: true });
  assert.deepEqual(messages, [
    ["pointTo", { x: 0.52, y: 0.5 }],
    ["pointTo", { x: 1, y: 0.01 }],
    ["pointTo", { x: 0.99, y: 0 }],
    ["pointTo", { x: 0.99, y: 0.03 }],
  ]);
});

test("Enter picks the cross-hair's point, if there is one", () => {
  assert.equal(press("Enter"), true);
  assert.deepEqual(messages, []);
  host.pointed = { x: 0.2, y: 0.3 };
  press("Enter");
  assert.deepEqual(messages, [["pick", { x: 0.2, y: 0.3 }]]);
});

test("space plays; plus, minus, 0 and Escape zoom", () => {
  for (const key of [" ", "+", "=", "0", "Escape"]) assert.equal(press(key), true);
  assert.deepEqual(messages, [
    ["togglePlay"],
    ["setZoom", { ...WHOLE, scale: 1.5 }],
    ["setZoom", { ...WHOLE, scale: 1.5 }],
    ["setZoom", WHOLE],
    ["setZoom", WHOLE],
  ]);
  messages = [];
  host.zoom = { scale: 3, x: 0.4, y: 0.6 };
  press("-");
  assert.equal(messages[0][1].scale, 2);
});

test("in the strip, down is forward; all else is as everywhere", () => {
  const keys = ["ArrowDown", "ArrowUp", "ArrowRight", "ArrowLeft", "Home", "End"];
  assert.ok(keys.every((key) => stripKey({ key }, host)));
  assert.deepEqual(messages, [
    ["step", 1],
    ["step", -1],
    ["step", 1],
    ["step", -1],
    ["goTo", 0],
    ["goTo", Infinity],
  ]);
  messages = [];
  assert.equal(stripKey({ key: "Tab" }, host), false);
  assert.equal(stripKey({ key: "ArrowRight", altKey: true }, host), false);
  assert.deepEqual(messages, []);
});
