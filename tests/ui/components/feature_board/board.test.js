// The board of features: cosines as Python has them, places of patches, and what a choice changes.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { beforeEach, test } from "node:test";

import { unpack } from "../../../../attnviz/ui/components/base/js/blob.js";
import { Board } from "../../../../attnviz/ui/components/feature_board/js/board.js";
import { mount } from "../../../../attnviz/ui/components/feature_board/js/main.js";
import { colourPixels, valuePixels } from "../../../../attnviz/ui/components/base/js/pixels.js";
import { drawMark, drawOver, gridCanvas } from "../../../../attnviz/ui/components/feature_board/js/paint.js";
import { nearest, patchAt, patchesOf, placeOf, similarities, stepped } from "../../../../attnviz/ui/components/feature_board/js/patches.js";
import { packed } from "../base/blobs.js";
import { Element, installPage, make, near, turns, until } from "../base/fakes.js";
import { parsed } from "../base/html.js";

const HTML = readFileSync(
  new URL("../../../../attnviz/ui/components/feature_board/board.html", import.meta.url), "utf8",
);
const HOSTILE = `<img src=x onerror="alert(1)">.jpg`;
const TABLE = Uint8Array.from({ length: 768 }, (_, at) => Math.floor(at / 3));
const ASSETS = { heat: { inferno: Buffer.from(TABLE).toString("base64") } };

const grid = (rows, columns, box = [0, 0, 1, 1]) =>
  patchesOf({ shape: [rows, columns, 1], dtype: "int8", data: new Int8Array(rows * columns).fill(1) }, box);

/** A canvas that writes down what is drawn. */
function canvas() {
  const node = new Element("canvas");
  node.done = [];
  const context = {};
  for (const name of ["putImageData", "drawImage", "rect", "arc", "beginPath", "stroke"]) {
    context[name] = (...given) => node.done.push([name, ...given, context.globalAlpha]);
  }
  node.getContext = () => context;
  return node;
}

let root, closed;

beforeEach(() => {
  installPage();
  document.createElement = (tag) => (tag === "canvas" ? canvas() : new Element(tag));
  const place = parsed(HTML, (tag, given) => {
    const node = tag === "canvas" ? canvas() : make(tag);
    for (const [, name, value = true] of given.matchAll(/([\w-]+)(?:="([^"]*)")?/g)) {
      node[name === "class" ? "className" : name] = value;
    }
    return node;
  });
  root = place.querySelector(".board");
  closed = 0;
  globalThis.createImageBitmap = async () => ({ close: () => closed++ });
});

// Two pictures: 2 x 2 patches along x, along y, both, and nothing; and one row of three.
const FEATURES = { "features 0": [[2, 2, 2], [9, 0, 0, 5, 7, 7, 0, 0]], "features 1": [[1, 3, 2], [-4, 0, 3, 4, 5, 0]] };
const PICTURES = [
  { name: HOSTILE, size: [100, 200], box: [0, 0, 1, 1] }, { name: "other", size: [100, 100], box: [0, 0, 1, 1] },
];

const blob = (changes = {}) => {
  const arrays = { "photo 0": [1], "photo 1": [2] };
  for (const [name, [shape, values]] of Object.entries(FEATURES)) {
    arrays[name] = { shape, values: Int8Array.from(values) };
    const colours = Uint8Array.from({ length: 3 * shape[0] * shape[1] }, (_, at) => at);
    arrays[name.replace("features", "colours")] = { shape: [shape[0], shape[1], 3], values: colours };
  }
  return packed({ id: "one", pictures: PICTURES, coarser: false, ...changes }, arrays);
};

const shown = async (changes) => {
  const board = new Board(root, ASSETS);
  await board.receive({ data: blob(changes) });
  return board;
};

const rounded = (values) => Array.from(values, (value) => Math.round(100 * value) / 100);

test("cosines of packed features are those of Python, up to the packing", () => {
  const facts = JSON.parse(readFileSync(`${process.env.ATTNVIZ_EXPECTED}/features.json`, "utf8"));
  const { header, array } = unpack(Uint8Array.from(Buffer.from(facts.blob, "base64")));
  const both = header.pictures.map(({ box }, at) => patchesOf(array(`features ${at}`), box));
  both.forEach((to, at) => {
    const values = similarities(both[0], facts.patch, to);
    assert.equal(values.length, facts.similarity[at].length);
    values.forEach((value, patch) => near(value, facts.similarity[at][patch], 0.01, `patch ${patch}`));
    assert.deepEqual([...array(`colours ${at}`).data], facts.colours[at]);
  });
  near(similarities(both[0], facts.patch, both[0])[facts.patch], 1, 1e-6);
  assert.equal(similarities(both[0], 0, both[1])[1], 0); // a feature of zeros is like nothing
});

test("a patch is found at its point, and lies where it is found", () => {
  const patches = grid(2, 4, [0, 0.25, 1, 0.75]);
  assert.equal(patchAt(patches, 0.25, 0), 0);
  assert.equal(patchAt(patches, 0.75, 1), 7); // the corner belongs to the last one
  assert.equal(patchAt(patches, 0.2, 0.5), null);
  assert.equal(patchAt(patches, 0.5, NaN), null);
  assert.deepEqual(placeOf(patches, 5), { x: 0.375, y: 0.5, width: 0.125, height: 0.5 });
  for (let patch = 0; patch < 8; patch++) {
    const { x, y, width, height } = placeOf(patches, patch);
    assert.equal(patchAt(patches, x + width / 2, y + height / 2), patch);
  }
  assert.equal(nearest([0.1, 0.9, -1, 0.9]), 1);
});

test("keys lead to the next patch and to the ends, never out", () => {
  const to = (key, patch) => stepped(key, grid(3, 4), patch);
  assert.deepEqual(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].map((key) => to(key, 5)), [4, 6, 1, 9]);
  assert.deepEqual(["Home", "End", "PageUp", "PageDown"].map((key) => to(key, 5)), [4, 7, 1, 9]);
  assert.deepEqual([to("ArrowLeft", 4), to("ArrowUp", 2), to("ArrowDown", 11)], [4, 2, 11]);
  assert.equal(to("Tab", 5), null);
});

test("values become colours between the ends of the scale", () => {
  assert.deepEqual([...valuePixels([-1, 0.5, 2], 0, 1, TABLE)], [0, 0, 0, 255, 128, 128, 128, 255, 255, 255, 255, 255]);
  assert.deepEqual([...valuePixels([3], 3, 3, TABLE)], [0, 0, 0, 255]);
  assert.deepEqual([...colourPixels(Uint8Array.from([1, 2, 3, 4, 5, 6]))], [1, 2, 3, 255, 4, 5, 6, 255]);
});

test("a grid is laid over what the network saw, and marks lie on their patch", () => {
  const small = gridCanvas(new Uint8ClampedArray(4 * 6), 2, 3);
  assert.deepEqual([small.width, small.height], [3, 2]);
  const pane = Object.assign(canvas(), { width: 400, height: 200 });
  drawOver(pane, "photo", small, [0, 0.25, 1, 0.75], 0.6);
  assert.deepEqual(pane.done, [
    ["drawImage", "photo", 0, 0, 400, 200, 1], ["drawImage", small, 100, 0, 200, 200, 0.6],
  ]);
  pane.done.length = 0;
  drawMark(pane, grid(2, 4), 5, false);
  assert.deepEqual(pane.done.filter(([name]) => name === "rect")[0].slice(0, 5), ["rect", 100, 100, 100, 100]);
  drawMark(pane, grid(2, 4), 5, true);
  assert.deepEqual(pane.done.filter(([name]) => name === "arc")[0].slice(0, 4), ["arc", 150, 150, 70]);
});

test("a click compares the patch there with all patches of all pictures", async () => {
  const board = await shown();
  const [first, second] = board.pictures;
  const pane = first.canvases[0];
  pane.bounds = { left: 10, top: 20, width: 200, height: 100 };
  pane.dispatch("click", { clientX: 20, clientY: 30 });
  assert.deepEqual(board.chosen, { picture: 0, patch: 0 });
  assert.deepEqual(rounded(first.values), [1, 0, 0.71, 0]);
  assert.deepEqual(rounded(second.values), [-1, 0.6, 1]);
  assert.equal(root.dataset.mode, "similarity");
  assert.match(second.said.textContent, /^most alike 1.00 · similarity −1.00 to 1.00 · 67 % of it/);
  assert.match(root.querySelector(".said").textContent, new RegExp("^The patch 25 % from the left, 25 % from the top of <img"));
  assert.match(second.panes.attributes["aria-valuetext"], /^most alike 67 % from the left, 0 % from the top\./);
  second.canvases[1].bounds = { left: 0, top: 0, width: 90, height: 90 };
  second.canvases[1].dispatch("click", { clientX: 45, clientY: 45 });
  assert.deepEqual(rounded(first.values), [0.6, 0.8, 0.99, 0]);
  pane.dispatch("pointermove", { clientX: 150, clientY: 90, pointerType: "mouse", buttons: 0 });
  assert.deepEqual(board.chosen, { picture: 1, patch: 1 });
  pane.dispatch("pointermove", { clientX: 150, clientY: 90, pointerType: "mouse", buttons: 1 });
  assert.deepEqual(board.chosen, { picture: 0, patch: 3 });
  pane.dispatch("click", { clientX: 500, clientY: 90 }); // beyond the picture
  assert.deepEqual(board.chosen, { picture: 0, patch: 3 });
  board.close();
});

test("it begins in the middle, and arrow keys step on; in another picture from the nearest", async () => {
  const board = await shown();
  const [first, second] = board.pictures;
  assert.deepEqual(board.chosen, { picture: 0, patch: 3 });
  assert.ok(first.panes.dispatch("keydown", { key: "ArrowUp" }).defaultPrevented);
  assert.deepEqual(board.chosen, { picture: 0, patch: 1 });
  assert.deepEqual(rounded(second.values), [0, 0.8, 0]);
  second.panes.dispatch("keydown", { key: "ArrowLeft" });
  assert.deepEqual(board.chosen, { picture: 1, patch: 0 });
  assert.ok(!second.panes.dispatch("keydown", { key: "Tab" }).defaultPrevented);
  assert.ok(!second.panes.dispatch("keydown", { key: "ArrowRight", ctrlKey: true }).defaultPrevented);
  assert.equal(first.figure.querySelector("b").textContent, HOSTILE);
  board.close();
});

test("the scale is stretched on demand, and the photo shines through as far as asked", async () => {
  const board = await shown();
  board.choose(0, 0);
  const pane = board.pictures[1].canvases[1];
  const drawn = () => pane.done.filter(([name]) => name === "drawImage").at(-1);
  const pixel = (at) => drawn()[1].done[0][1].data[4 * at];
  assert.deepEqual([pixel(0), pixel(1), pixel(2)], [0, 153, 255]); // −1 is below the scale's end
  root.querySelector(".stretch").checked = true;
  root.querySelector(".opacity").value = "40";
  root.querySelector(".stretch").dispatch("input");
  assert.deepEqual([pixel(0), pixel(1), pixel(2)], [0, 204, 255]);
  assert.equal(drawn().at(-1), 0.4);
  assert.equal(root.querySelector(".low").textContent, "least");
  board.close();
});

test("on a phone the visitor chooses which of the two is seen", async () => {
  const board = await shown();
  assert.equal(root.dataset.mode, "components");
  const radios = root.querySelectorAll(".modes input");
  radios[1].dispatch("change");
  assert.equal(root.dataset.mode, "similarity");
  assert.deepEqual(radios.map((radio) => radio.checked), [false, true]);
  board.close();
});

test("the same blob is read once, another one anew, and all is given back at the end", async () => {
  const host = { parentElement: root.parentElement, data: blob({ coarser: true }) };
  const first = mount(host, ASSETS);
  await until(() => root.dataset.chosen === "0 3");
  assert.match(root.querySelector(".said").textContent, /averaged, because there are very many/);
  const second = mount({ ...host, data: blob({ id: "two", pictures: PICTURES.slice(0, 1) }) }, ASSETS);
  await until(() => closed === 2);
  assert.ok(!root.querySelector(".said").textContent.includes("<img"), "one picture needs no name");
  assert.equal(root.querySelector(".pictures").children.length, 1);
  first();
  second();
  assert.equal(closed, 3);
  await turns();
});
