// The blur budget's table: what it reads, where its cells lie, and what it puts together.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Board } from "../../../../attnviz/ui/components/budget_table/js/board.js";
import { mount } from "../../../../attnviz/ui/components/budget_table/js/main.js";
import { Composer, cutOut } from "../../../../attnviz/ui/components/budget_table/js/composer.js";
import { borders, cellAt, cellPixels, labelled, moved } from "../../../../attnviz/ui/components/budget_table/js/table.js";
import { ofDiagonal, percent, pixels, sentences } from "../../../../attnviz/ui/components/budget_table/js/words.js";
import { packed } from "../base/blobs.js";
import { Element, FakeResizeObserver, installPage, make, turns, until } from "../base/fakes.js";

const HOSTILE = `<img src=x onerror="alert(1)">`;
const HEADER = {
  id: "one", size: [2, 3], radii: [0, 4, 12.5], diagonal: 100,
  shares: [0, 0.125, 1], label: HOSTILE, names: ["sea", HOSTILE],
  says: [[1, 1, 1], [0, 1, 1], [0, 0, 1]],
  probability: [[0.9, 0.9, 0.9], [0.2, 0.85, 0.9], [0, 0.125, 0.9]],
  recognised: [[1, 1, 1], [0, 1, 1], [0, 0, 1]], firm: [[1, 1, 1], [0, 0, 1], [0, 0, 1]],
  start: [2, 2],
};
const STEPS = [0, 1, 2, 3, 1, 2];
const COLOURS = Uint8Array.from({ length: 768 }, (_, index) => index % 256);

const PICTURES = { "picture 0": [1, 2], "picture 1": [3, 4, 5], "picture 2": [6] };
const blob = (changes = {}) =>
  packed({ ...HEADER, ...changes }, { colours: COLOURS, steps: STEPS, ...PICTURES });

/** A canvas that writes down what is done to it. */
function canvas(...classes) {
  const node = make(["canvas", ...classes].join("."));
  node.done = [];
  const context = { globalCompositeOperation: "source-over" };
  for (const name of ["putImageData", "drawImage", "beginPath", "moveTo", "lineTo", "stroke"]) {
    context[name] = (...given) => node.done.push([name, ...given, context.globalCompositeOperation]);
  }
  context.setLineDash = () => {};
  node.getContext = () => context;
  return node;
}

let root, plot, bitmaps;

beforeEach(() => {
  installPage();
  document.createElement = (tag) => (tag === "canvas" ? canvas() : new Element(tag));
  plot = make("div.plot", { clientWidth: 300, clientHeight: 90 }, canvas(), make("i.cursor"));
  plot.bounds = { left: 10, top: 20, width: 300, height: 90 };
  const names = ["title", "rows", "columns", "cell", "answer", "note"];
  root = make("div.budget", {}, plot, canvas("ramp"), canvas("fed"), make("figcaption"));
  root.append(...names.map((name) => make(`div.${name}`)));
  make("div", {}, root);
  bitmaps = [];
  globalThis.createImageBitmap = async (png, options) => {
    assert.deepEqual(options, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
    bitmaps.push([...new Uint8Array(await png.arrayBuffer())]);
    return { png: bitmaps.at(-1) };
  };
});

const text = (name) => root.querySelector(`.${name}`).textContent;
const board = (changes) => {
  const made = new Board(root);
  made.show({ ...HEADER, ...changes }, COLOURS, Uint8Array.from(STEPS), ["sharp", "soft", "softest"]);
  return made;
};

test("the strongest blur lies on top, and a point outside belongs to the nearest cell", () => {
  assert.deepEqual(cellAt(0, 0, 3, 4), [2, 0]);
  assert.deepEqual(cellAt(0.99, 0.99, 3, 4), [0, 3]);
  assert.deepEqual(cellAt(0.25, 0.34, 3, 4), [1, 1]);
  assert.deepEqual(cellAt(-1, 7, 3, 4), [0, 0]);
  assert.deepEqual(cellAt(1, -0.1, 3, 4), [2, 3]);
});

test("keys lead to the next cell and to the ends, never out", () => {
  const to = (key, cell) => moved(key, cell, 3, 4);
  assert.deepEqual(to("ArrowUp", [1, 1]), [2, 1]);
  assert.deepEqual(to("ArrowUp", [2, 1]), [2, 1]);
  assert.deepEqual(to("ArrowDown", [0, 1]), [0, 1]);
  assert.deepEqual(to("ArrowLeft", [1, 0]), [1, 0]);
  assert.deepEqual(to("ArrowRight", [1, 2]), [1, 3]);
  assert.deepEqual([to("Home", [1, 2]), to("End", [1, 2])], [[1, 0], [1, 3]]);
  assert.deepEqual([to("PageUp", [1, 2]), to("PageDown", [1, 2])], [[2, 2], [0, 2]]);
  assert.deepEqual([to("Tab", [1, 2]), to("a", [1, 2])], [null, null]);
});

test("the line runs where neighbours differ, and nowhere else", () => {
  assert.deepEqual(borders([[1, 1], [1, 1]]), []);
  assert.deepEqual(borders([[1, 1], [0, 1]]), [[0, 1, 1, 1], [1, 0, 1, 1]]);
  assert.equal(borders([[1, 0, 1]]).length, 2);
});

test("labels keep their distance, and the last one is always there", () => {
  assert.deepEqual(labelled(5, 500, 30), [0, 1, 2, 3, 4]);
  assert.deepEqual(labelled(6, 100, 30), [0, 2, 5]);
  assert.deepEqual(labelled(7, 100, 30), [0, 3, 6]);
  assert.deepEqual(labelled(1, 0, 30), [0]);
});

test("a cell's colour is that of its probability, and what leaves 0..1 gets the ends", () => {
  const shown = cellPixels([[0, 1], [2, 0.5]], Uint8Array.from({ length: 768 }, (_, i) => i / 3));
  assert.deepEqual([...shown], [255, 255, 255, 255, 128, 128, 128, 255,
    0, 0, 0, 255, 255, 255, 255, 255]);
});

test("a cell is sentences in words", () => {
  assert.deepEqual([percent(0), percent(0.125), percent(1)], ["0 %", "12.5 %", "100 %"]);
  assert.deepEqual([pixels(0), pixels(4), pixels(12.5)], ["0 px", "4.0 px", "13 px"]);
  assert.deepEqual([ofDiagonal(0, 50), ofDiagonal(4, 50)], ["0 %", "8.0 %"]);
  assert.deepEqual(sentences(HEADER, [1, 1]), {
    cell: "12.5 % sharp, the rest blurred by 4.0 px, 4.0 % of the diagonal",
    answer: `${HOSTILE} 0.85`, recognised: true,
  });
  assert.equal(sentences(HEADER, [2, 0]).cell, "All blurred by 13 px, 12.5 % of the diagonal");
  assert.equal(sentences(HEADER, [2, 0]).answer, `${HOSTILE} 0.00: the network says sea`);
  assert.deepEqual([sentences(HEADER, [0, 0]).cell, sentences(HEADER, [2, 2]).cell], ["All sharp", "All sharp"]);
  const alone = { ...HEADER, label: "sea" };
  assert.equal(sentences(alone, [2, 0]).answer, "sea 0.00: not confident of it");
});

test("pixels are cut out whole or not at all", () => {
  const data = new Uint8ClampedArray(4 * STEPS.length);
  cutOut(data, STEPS, 1);
  assert.deepEqual([...data].filter((_, at) => at % 4 === 3), [255, 255, 0, 0, 255, 0]);
  cutOut(data, STEPS, 3);
  assert.ok([...data].every((value, at) => value === (at % 4 === 3 ? 255 : 0)));
});

test("the sharp pixels lie over the blurred picture", () => {
  const shown = canvas();
  const composer = new Composer(shown, [2, 3], STEPS, ["sharp", "soft"]);
  composer.draw([1, 2]);
  assert.deepEqual([shown.width, shown.height], [3, 2]);
  assert.deepEqual(composer.mask.done.map(([name, what, , , how]) => [name, what, how]), [
    ["putImageData", composer.pixels, "source-over"],
    ["drawImage", "sharp", "source-in"],
  ]);
  assert.deepEqual(shown.done.map(([, what]) => what), ["soft", composer.mask]);
});

test("pointer and keys choose a cell, in words for eyes and ears", () => {
  board();
  assert.equal(text("title"), `Probability of ${HOSTILE}`, "only ever text");
  assert.equal(text("cell"), "All sharp");
  plot.dispatch("pointermove", { clientX: 10 + 150, clientY: 20 + 45 });
  assert.equal(text("answer"), `${HOSTILE} 0.85`);
  assert.equal(root.querySelector("figcaption").className, "recognised");
  const { left, top, width } = root.querySelector(".cursor").style;
  assert.deepEqual([left, top, width].map((one) => Math.round(parseFloat(one))), [33, 33, 33]);
  assert.equal(plot.attributes["aria-valuenow"], "4");
  assert.equal(plot.dispatch("keydown", { key: "ArrowLeft" }).defaultPrevented, true);
  assert.equal(text("answer"), `${HOSTILE} 0.20: the network says sea`);
  assert.equal(root.querySelector("figcaption").className, "lost");
  assert.match(plot.attributes["aria-valuetext"], /^All blurred by 4.0 px.* 0.20: the network says sea$/);
  assert.equal(plot.dispatch("keydown", { key: "ArrowUp", altKey: true }).defaultPrevented, false);
  assert.equal(plot.dispatch("keydown", { key: "Tab" }).defaultPrevented, false);
});

test("a cell is drawn once however often the pointer moves in it", () => {
  const { composer } = board();
  const before = composer.mask.done.length;
  for (const x of [20, 30, 40]) plot.dispatch("pointermove", { clientX: x, clientY: 30 });
  assert.equal(composer.mask.done.length, before + 2);
});

test("rows and columns are labelled, and drawn again at another width", () => {
  board();
  const labels = () => root.querySelector(".columns").children.map((one) => one.textContent);
  assert.deepEqual(labels(), ["0", "12.5", "100"]);
  assert.deepEqual(
    root.querySelector(".rows").children.map((one) => one.textContent),
    ["13 px12.5 %", "4.0 px4.0 %", "0 px0 %"],
  );
  plot.clientWidth = 50;
  FakeResizeObserver.all[0].call();
  assert.deepEqual(labels(), ["0", "100"]);
  assert.equal(root.querySelector(".plot canvas").width, 50);
});

test("pictures are decoded once for a budget, and what is closed hears nothing", async () => {
  const show = (changes) => mount({ parentElement: root.parentElement, data: blob(changes) });
  const early = show();
  await until(() => text("cell") === "All sharp");
  assert.deepEqual(bitmaps, [[1, 2], [3, 4, 5], [6]]);
  plot.dispatch("keydown", { key: "Home" });
  assert.match(text("cell"), /^All blurred/);
  const late = show();
  await turns();
  assert.equal(bitmaps.length, 3);
  assert.match(text("cell"), /^All blurred/, "the cell stays where it was");
  early();
  assert.equal(FakeResizeObserver.all[0].disconnected, false);
  show({ id: "two" });
  await until(() => text("cell") === "All sharp");
  assert.equal(bitmaps.length, 6);
  late();
  show({ id: "two" })();
  assert.equal(FakeResizeObserver.all[0].disconnected, true);
  plot.dispatch("keydown", { key: "Home" });
  assert.equal(text("cell"), "All sharp");
});
