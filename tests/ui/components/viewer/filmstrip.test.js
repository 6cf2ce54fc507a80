import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { buildStrip, markStrip, paintStrip } from "../../../../attnviz/ui/components/viewer/js/filmstrip.js";
import { header, HOSTILE, scene, table, VIEW } from "../base/examples.js";
import { installPage, make } from "../base/fakes.js";

let strip;

beforeEach(() => {
  installPage();
  strip = make("div.strip", { clientWidth: 250, offsetLeft: 0 });
});

test("one button for each layer, which chooses it", () => {
  const chosen = [];
  buildStrip(strip, scene(), (index) => chosen.push(index));
  assert.deepEqual(
    strip.children.map((button) => button.textContent),
    ["a", "b", "c"],
  );
  strip.children[2].dispatch("click");
  strip.children[0].dispatch("click");
  assert.deepEqual(chosen, [2, 0]);
  assert.deepEqual(
    strip.children.map((button) => [button.role, button.type]),
    Array(3).fill(["option", "button"]),
  );
});

test("a hostile name is only ever text", () => {
  const layers = header().layers.map((layer) => ({ ...layer, name: HOSTILE }));
  buildStrip(strip, scene({ layers }), () => {});
  const [button] = strip.children;
  assert.equal(button.title, HOSTILE);
  assert.equal(button.querySelector("span").text, HOSTILE);
  assert.deepEqual(
    button.children.map((child) => child.tagName),
    ["CANVAS", "SPAN"],
  );
});

test("thumbnails have the picture's shape, within reason; a single layer needs no strip", () => {
  const height = (width, tall) => {
    buildStrip(strip, scene({ photo: { bytes: 0, width, height: tall } }), () => {});
    return strip.querySelector("canvas").height;
  };
  assert.deepEqual([height(512, 384), height(100, 1000), height(1000, 10)], [72, 192, 24]);
  assert.equal(strip.hidden, false);
  buildStrip(strip, scene({ layers: header().layers.slice(0, 1) }), () => {});
  assert.equal(strip.hidden, true);
});

test("each thumbnail is painted with its own layer", () => {
  buildStrip(strip, scene(), () => {});
  paintStrip(strip, scene(), VIEW, table());
  const painted = strip.children.map((button) => button.querySelector("canvas").painted);
  assert.deepEqual(
    painted.map((one) => one.length),
    [1, 1, 1],
  );
  const { data, width, height } = painted[0][0].data;
  assert.deepEqual([width, height], [96, 72]);
  assert.deepEqual(
    [...data.subarray(4 * 95, 4 * 95 + 4)],
    [255, 0, 7, 255],
    "upper right of layer a",
  );
  assert.deepEqual(
    [...painted[2][0].data.data.subarray(0, 4)],
    [128, 127, 7, 255],
    "layer c is flat",
  );
});

test("the chosen layer is marked and can be reached by tab", () => {
  buildStrip(strip, scene(), () => {});
  markStrip(strip, 1);
  assert.deepEqual(
    strip.children.map((button) => button.ariaSelected),
    ["false", "true", "false"],
  );
  assert.deepEqual(
    strip.children.map((button) => button.tabIndex),
    [-1, 0, -1],
  );
});

test("the strip scrolls to the chosen layer, and only as far as needed", () => {
  buildStrip(strip, scene(), () => {});
  strip.children.forEach((button, index) =>
    Object.assign(button, { offsetLeft: 200 * index, offsetWidth: 100 }),
  );
  markStrip(strip, 0);
  assert.equal(strip.scrollLeft, 0);
  markStrip(strip, 2);
  assert.equal(strip.scrollLeft, 500 - 250 + 8);
  markStrip(strip, 2);
  assert.equal(strip.scrollLeft, 258, "it is in sight already");
  markStrip(strip, 1);
  assert.equal(strip.scrollLeft, 192);
  markStrip(strip, 7);
  assert.equal(strip.scrollLeft, 192, "no such layer");
});
