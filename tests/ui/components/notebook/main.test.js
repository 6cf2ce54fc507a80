// The viewer as a notebook's widget: what Python gives it, and what Python reads of it.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { mount } from "../../../../attnviz/ui/components/notebook/js/main.js";
import { until } from "../base/fakes.js";
import { ASSETS, openPage } from "../base/page.js";

const assets = { ...ASSETS, markup: "<div class=viewer></div>", style: "b { color: red }" };
let here, model, el, host, close;

/** A widget's model: its values, who listens, and how often it was sent to Python. */
function fakeModel(values) {
  const listeners = new Map();
  return {
    values,
    saved: 0,
    listeners,
    get: (name) => values[name],
    set(name, value) {
      const other = values[name] !== value;
      values[name] = value;
      if (other) listeners.get(`change:${name}`)?.();
    },
    save_changes() {
      this.saved += 1;
    },
    on: (event, call) => listeners.set(event, call),
    off: (event, call) => listeners.get(event) === call && listeners.delete(event),
  };
}

/** A view into longer bytes, as messages to a notebook hold them. */
function within(data) {
  const whole = new Uint8Array(data.length + 7);
  whole.set(data, 7);
  return new DataView(whole.buffer, 7, data.length);
}

beforeEach(() => {
  here = openPage();
  const shadow = {
    set innerHTML(text) {
      this.text = text;
    },
    querySelector: (selector) => here.place.querySelector(selector),
    replaceChildren(...children) {
      this.children = children;
    },
  };
  host = { dataset: {}, shadow, attachShadow: () => shadow, remove: () => (host.removed = true) };
  const { createElement } = document;
  document.createElement = (tag) => {
    document.createElement = createElement;
    assert.equal(tag, "div");
    return host;
  };
  el = { append: (child) => (el.child = child) };
  model = fakeModel({ _blob: within(here.sent()), layer: "b", picked: null });
});

const shown = async () => {
  close = mount({ model, el }, assets);
  await until(() => here.canvas.viewer?.scene?.header.id === "one");
  here.clock.frame();
};

test("it draws what it is given, in a place of its own", async () => {
  await shown();
  assert.equal(el.child, host);
  assert.ok(host.shadow.text.includes(assets.style) && host.shadow.text.endsWith(assets.markup));
  assert.equal(here.canvas.dataset.layer, "b");
  assert.equal(host.dataset.lmSuppressShortcuts, "true", "the arrow keys are the viewer's");
  assert.equal(model.saved, 0);
});

test("Python reads the layer once the controls are at rest", async () => {
  await shown();
  here.key("Home");
  assert.equal(model.values.layer, "b");
  here.clock.advance(1000);
  assert.equal(model.values.layer, "a");
  assert.equal(model.saved, 1);
});

test("Python sets the layer; a name that no layer has is put right", async () => {
  await shown();
  model.set("layer", "c");
  here.clock.advance(20);
  assert.equal(here.canvas.viewer.view.layer, "c");
  model.set("layer", "there is none");
  assert.equal(here.canvas.viewer.view.layer, "c");
  here.clock.advance(1000);
  assert.equal(model.values.layer, "c");
});

test("a click is told with its layer", async () => {
  await shown();
  here.canvas.viewer.pick({ x: 0.25, y: 0.75 });
  assert.deepEqual(model.values.picked, { x: 0.25, y: 0.75, layer: "b" });
  assert.ok(model.saved > 0);
});

test("another picture takes the place of the first", async () => {
  await shown();
  model.set("_blob", within(here.sent({ id: "two" })));
  await until(() => here.canvas.viewer.scene.header.id === "two");
});

test("taken away it is closed and listens no more", async () => {
  await shown();
  close();
  assert.ok(here.canvas.viewer.closed && host.removed);
  assert.equal(model.listeners.size, 0);
});

test("without WebGL it says so in words", () => {
  here.canvas.getContext = () => null;
  close = mount({ model, el }, assets);
  assert.match(host.shadow.children[0], /^This browser cannot draw with WebGL2/);
});
