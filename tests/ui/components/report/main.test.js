// A report's viewers: opened where they are looked at, closed elsewhere, still pictures without WebGL.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { mount, Place } from "../../../../attnviz/ui/components/report/js/main.js";
import { until } from "../base/fakes.js";
import { ASSETS, openPage } from "../base/page.js";

const assets = { ...ASSETS, markup: "<div class=viewer></div>", style: "b { color: red }" };
let here, observed;

/** A place in an article, as the page has it; its shadow becomes the viewer's HTML when that is set. */
function placeWith(data) {
  const names = new Set();
  const article = { classList: { add: (name) => names.add(name), remove: (name) => names.delete(name) } };
  const shadow = {
    written: [],
    set innerHTML(text) {
      this.written.push(text);
      here.renew();
    },
    querySelector: (selector) => here.place.querySelector(selector),
    replaceChildren() {
      this.written.push("");
    },
  };
  const text = `\n${Buffer.from(data).toString("base64")}\n`;
  return {
    names, shadow, style: {}, offsetHeight: 321,
    closest: (selector) => selector === "article" && article,
    querySelector: (selector) => selector === "script" && { textContent: text },
    attachShadow: () => shadow,
  };
}

beforeEach(() => {
  here = openPage();
  globalThis.IntersectionObserver = class {
    constructor(call) {
      observed = { call, elements: [], stopped: false };
    }

    observe(element) {
      observed.elements.push(element);
    }

    disconnect() {
      observed.stopped = true;
    }
  };
});

const drawn = () => until(() => here.canvas.viewer?.scene?.header.id === "one");

test("a viewer is drawn from the data in its place, once it comes near", async () => {
  const place = placeWith(here.sent());
  const stop = mount({ querySelectorAll: () => [place] }, assets);
  assert.deepEqual(observed.elements, [place]);
  assert.deepEqual(place.shadow.written, [], "nothing before it is near");
  observed.call([{ target: place, isIntersecting: true }]);
  await drawn();
  assert.deepEqual(place.shadow.written, [`<style>${assets.style}</style>${assets.markup}`]);
  assert.ok(place.names.has("live"));
  assert.equal(here.canvas.viewer.view.layer, "b");
  stop();
  assert.ok(observed.stopped);
});

test("far away it gives its context back, keeps its room, and comes back as it was left", async () => {
  const place = new Place(placeWith(here.sent()), assets);
  place.look(true);
  await drawn();
  here.key("Home");
  assert.equal(here.canvas.viewer.view.layer, "a");
  const first = here.canvas.viewer;
  place.look(true);
  assert.equal(here.canvas.viewer, first, "it stays while it is near");
  place.look(false);
  assert.ok(first.closed);
  assert.equal(place.element.style.minHeight, "321px");
  place.look(false);
  place.look(true);
  await drawn();
  assert.notEqual(here.canvas.viewer, first);
  assert.equal(here.canvas.viewer.view.layer, "a");
});

test("without WebGL the still pictures stay, for good", () => {
  const place = new Place(placeWith(here.sent()), assets);
  const { renew } = here;
  here.renew = () => {
    renew();
    here.canvas.getContext = () => null;
  };
  place.look(true);
  assert.ok(!place.element.names.has("live"));
  assert.equal(place.shadow.written.at(-1), "");
  const before = place.shadow.written.length;
  place.look(false);
  place.look(true);
  assert.equal(place.shadow.written.length, before);
});

test("other news from the viewer is nobody's here", async () => {
  const place = new Place(placeWith(here.sent()), assets);
  place.look(true);
  await drawn();
  here.canvas.viewer.pick({ x: 0.5, y: 0.5 });
  place.hear("view", {});
  place.hear("webgl", true);
  assert.ok(place.element.names.has("live"));
});
