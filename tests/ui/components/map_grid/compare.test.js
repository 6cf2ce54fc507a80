// The grid of the page "Compare": what it reads and paints, how it steps, and what it tells.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Board, cellName } from "../../../../attnviz/ui/components/map_grid/js/board.js";
import { Cell, LONGEST, drawnSize, element, pixelsOf } from "../../../../attnviz/ui/components/map_grid/js/cell.js";
import { buildControls } from "../../../../attnviz/ui/components/map_grid/js/controls.js";
import { mount } from "../../../../attnviz/ui/components/map_grid/js/main.js";
import { FocusPainter } from "../../../../attnviz/ui/components/map_grid/js/focus.js";
import { PairPanel } from "../../../../attnviz/ui/components/map_grid/js/pair.js";
import { unpack } from "../../../../attnviz/ui/components/base/js/blob.js";
import mountPair, { PAIR, WANTED } from "../../../../attnviz/ui/components/map_grid/js/sender.js";
import { BASE64, HOSTILE, SHARP, TABLE, gridBlob, pairBlob, sceneBlob } from "./compare_blobs.js";
import { FakeGl, shaders } from "../base/fake_gl.js";
import { Element, installPage, make, near, until } from "../base/fakes.js";

/** A canvas that remembers its last picture; a bitmap drawn on it has one colour. */
function canvas(...classes) {
  const node = make(["canvas", ...classes].join("."));
  let colour = SHARP;
  const twoD = {
    drawImage: (bitmap) => {
      colour = bitmap.colour ?? SHARP;
      node.drawn = bitmap;
    },
    getImageData: (_x, _y, width, height) => ({
      data: Uint8ClampedArray.from({ length: 4 * width * height }, (_, i) => colour[i % 4]),
    }),
    putImageData: (image) => (node.image = image),
  };
  node.getContext = (kind) => (kind === "webgl2" ? gpu : twoD);
  node.bounds = { left: 0, top: 0, width: 200, height: 100 };
  return node;
}

// The reporter keeps views by their ids: each test has its own.
let opened = "v|0";
const grid = (changes = {}) => gridBlob({ viewId: opened, ...changes });
let clock, root, place, messages, data, gpu;

beforeEach(() => {
  ({ clock } = installPage());
  opened = `v|${Number(opened.slice(2)) + 1}`;
  gpu = new FakeGl();
  const events = new EventTarget();
  for (const name of ["addEventListener", "dispatchEvent", "removeEventListener"]) {
    document[name] = events[name].bind(events);
  }
  const plain = (tag) => {
    const node = tag === "canvas" ? canvas() : new Element(tag);
    node.style.setProperty = (name, value) => (node.style[name] = value);
    return node;
  };
  document.createElement = plain;
  const closed = [];
  globalThis.createImageBitmap = async (blob) => {
    const [first] = new Uint8Array(await blob.arrayBuffer());
    return { colour: SHARP, width: 4, height: 2, close: () => closed.push(first) };
  };
  const part = (selector, ...children) => make(selector, {}, ...children);
  const cells = plain("div");
  cells.className = "grid";
  const pairFrame = part("div.frame", canvas(), part("i.cross"));
  const pair = part("section.pair", part("select.a"), part("select.b"), pairFrame,
    part("div.ramp", canvas()), part("p.rho"), part("p.iou"), part("p.summary"));
  root = part("div.compare",
    part("fieldset.shown"), part("select.scale"), part("input.best"),
    part("button.back"), part("label.position", part("b"), part("input")), part("button.on"), part("button.play"),
    part("p.note"), part("div.both", cells, pair), part("p.spoken"));
  place = part("div", root);
  messages = [];
  data = grid();
});

const ASSETS = { heat: { inferno: BASE64 }, signed: { PuOr: BASE64 }, shaders: shaders() };
const component = (bytes) => ({
  parentElement: place, data: bytes, setStateValue: (name, value) => messages.push([name, value]),
});

async function open(bytes = data) {
  const board = new Board(root, ASSETS);
  board.receive(component(bytes));
  await until(() => root.dataset.ready === "1");
  return board;
}

const layersOf = (board) => board.cells.filter(({ canvas: one }) => one).map(({ canvas: one }) => one.dataset.layer);

test("the blob is read wherever it begins in a message", () => {
  for (const offset of [0, 1, 7]) {
    const { header, array } = unpack(grid({ offset }));
    assert.equal(header.rows[0].title, HOSTILE);
    assert.deepEqual([...array(header.cells[0].scene).data], [...sceneBlob([[0, 4], [2, 8], [4, 4]])]);
  }
});

test("pictures are drawn at one size, slivers and specks too", () => {
  assert.deepEqual(drawnSize({ width: 800, height: 600 }), [LONGEST, 300]);
  assert.deepEqual(drawnSize({ width: 3, height: 3 }), [400, 400]);
  assert.deepEqual(drawnSize({ width: 1, height: 2000 }), [24, 400]);
  assert.deepEqual([...pixelsOf({ colour: [1, 2, 3, 4] }, [1, 1])], [1, 2, 3, 4]);
  assert.equal(element("p", { className: "x" }, "text").textContent, "text");
});

test("it opens on the best layers, with what each cell is and what its colours mean", async () => {
  const board = await open();
  assert.deepEqual(layersOf(board), ["layer 1", "layer 0"]);
  const [first, second] = board.cells;
  assert.equal(first.node.querySelector("figcaption b").textContent, `Relevance for ${HOSTILE}`);
  assert.deepEqual([first.low.textContent, first.high.textContent], ["0.00", "8.00"]);
  assert.match(first.layer.textContent, /^layer 1 · 2 of 3$/);
  assert.equal(second.node.querySelector("p").textContent, `None: ${HOSTILE}`);
  assert.deepEqual([first.badge.textContent, board.cells[2].badge.textContent], ["A", "B"]);
  assert.equal(first.canvas.ariaPressed, "true");
  assert.match(first.canvas.ariaLabel, /Attends\?: Relevance for .*layer 1, chosen as A$/);
  assert.equal(cellName(board.header, 2), "Two · b.jpg · Attends?");
  assert.equal(root.querySelector("p.note").textContent, "N row");
  assert.deepEqual(messages, []);
});

test("stepping moves every cell by relative depth, and is reported once it rests", async () => {
  const board = await open();
  const key = (name, more = {}) => board.press({ key: name, ...more }, board.cells[0]);
  key("Home");
  assert.deepEqual([layersOf(board), root.dataset.stop], [["layer 0", "layer 0"], "0"]);
  key("ArrowRight");
  assert.deepEqual(layersOf(board), ["layer 1", "layer 0"]);
  assert.equal(root.querySelector(".position b").textContent, "50 %");
  key("End");
  assert.deepEqual(layersOf(board), ["layer 2", "layer 0"]);
  assert.match(board.cells[0].layer.textContent, /flat: nothing stands out/);
  assert.deepEqual(messages, [], "nothing is sent while the depth is stepped");
  clock.advance(1100);
  assert.equal(messages.length, 1);
  assert.deepEqual([messages[0][1].best, messages[0][1].depth, messages[0][1].viewId], [false, 1, opened]);
  assert.equal(key("x"), false);
});

test("playing goes round through all depths without a word", async () => {
  const board = await open();
  board.press({ key: " " }, board.cells[0]);
  assert.equal(root.querySelector(".play").textContent, "Pause");
  const stops = [];
  for (let i = 0; i < 4; i++) {
    clock.frame(520);
    stops.push(root.dataset.stop);
  }
  assert.deepEqual(stops, ["0", "1", "2", "0"]);
  assert.deepEqual(messages, []);
  board.togglePlay();
  assert.equal(root.querySelector(".play").textContent, "Play");
});

test("the scale is the browser's own work", async () => {
  const board = await open();
  const [cell] = board.cells;
  const first = cell.canvas.image.data[0];
  board.change({ scale: "all" });
  assert.equal(cell.high.textContent, "16.0");
  assert.notEqual(cell.canvas.image.data[0], first);
  board.change({ scale: "even" });
  assert.equal(cell.high.textContent, "1.60 × even");
  assert.equal(messages.length, 0);
});

test("focus pictures are the viewer's: quick ones at once, exact ones cell by cell at rest", async () => {
  const board = await open();
  const cells = board.cells.filter(({ canvas: one }) => one);
  const [radio] = root.querySelectorAll("fieldset input").slice(1);
  radio.onchange();
  assert.equal(root.dataset.final, "0");
  assert.ok(cells.every(({ canvas: one }) => one.drawn === board.painter.canvas));
  const of = (name) => gpu.draws.filter(({ program }) => [...board.painter.renderer.programs]
    .find(([, { handle }]) => handle === program)[0].startsWith(name));
  assert.equal(of("refine").length, 0);
  const [shown] = of("show.frag.glsl DRAFT");
  // Layer 1 has 2..8, its row's scale 0..8.
  assert.deepEqual(shown.values.uStretch.slice(0, 2), [0.75, 0.25]);
  assert.deepEqual(shown.values.uCurve, [0.25, 0.5]);
  near(shown.values.uRadius[0] ?? shown.values.uRadius, 0.03 * Math.hypot(4, 2), 1e-6, "of the diagonal");
  clock.advance(200);
  for (let i = 0; i < 12; i++) clock.frame(20);
  assert.equal(root.dataset.final, "1");
  assert.equal(of("refine").length, 2);
  board.change({ scale: "all" });
  board.change({ shown: "map" });
  clock.advance(200);
  assert.deepEqual([root.dataset.final, of("refine").length], ["1", 2], "a map needs no exact picture");
  assert.equal(messages.length, 0);
});

test("without WebGL2 the cells show maps, and the focus picture cannot be chosen", async () => {
  gpu = null;
  const board = await open(grid({ view: { shown: "focus" } }));
  const [map, focus] = root.querySelectorAll("fieldset input");
  assert.deepEqual([map.checked, focus.checked, focus.disabled], [true, false, true]);
  assert.match(focus.title, /no WebGL2/);
  assert.ok(board.cells[0].canvas.image);
  const painter = new FocusPainter(shaders(), {});
  assert.equal(painter.works, false);
});

test("two cells are chosen by click, in turns, and the server hears of it at once", async () => {
  const board = await open(grid({ view: { a: "one/a", b: "" } }));
  board.choose("one/a");
  board.choose("two/a");
  assert.deepEqual(messages.map(([, { a, b }]) => [a, b]), [["one/a", "two/a"]]);
  assert.equal(root.querySelector("p.summary").textContent, "Comparing …");
  const box = root.querySelector("select.a");
  box.value = "two/a";
  box.onchange();
  assert.deepEqual([board.view.a, board.view.b], ["two/a", "one/a"], "they change places");
});

test("numbers of the pair follow the depth, and say where there is nothing to compare", async () => {
  const board = await open();
  board.receivePair(pairBlob({ note: "Two pictures." }));
  const text = (name) => root.querySelector(name).textContent;
  assert.deepEqual([text("p.rho"), text("p.iou"), text("p.summary")], ["Rank correlation +0.50", "Top 0.30", "Two pictures."]);
  const shown = root.querySelector("section canvas");
  assert.match(shown.ariaLabel, /Rank correlation \+0\.50/);
  assert.ok(shown.image.data[0] > shown.image.data[4 * 399], "A is higher on the left: the table's end");
  board.goTo(2);
  assert.deepEqual([text("p.rho"), text("p.summary")], ["", "A is flat. Two pictures."]);
  board.compare({ a: "two/a", b: "one/a" });
  assert.equal(text("p.summary"), "Comparing …");
});

test("pointing in one cell marks the same place in all, with each map's own value", async () => {
  const board = await open();
  const [first, , other] = board.cells;
  first.canvas.onpointermove({ clientX: 200, clientY: 50 });
  assert.deepEqual([first.cross.style.left, other.cross.style.left], ["100%", "100%"]);
  assert.deepEqual([first.here.textContent, other.here.textContent], ["8.00", "2.00"]);
  assert.deepEqual([first.pin.style.left, other.pin.style.left], ["100%", "25%"]);
  assert.equal(root.querySelector("section .cross").hidden, false);
  first.canvas.onpointerleave();
  assert.deepEqual([first.cross.hidden, other.here.textContent], [true, ""]);
  board.press({ key: "ArrowLeft", shiftKey: true }, first);
  assert.deepEqual(board.pointed, { x: 0.48, y: 0.5 });
  assert.match(root.querySelector("p.spoken").textContent, /Attends\?: \d/);
});

test("the pair comes by itself, before or after the grid, and only that of this grid counts", async () => {
  const leave = mountPair({ data: pairBlob() });
  const board = await open();
  const before = board.cells;
  assert.equal(root.querySelector("p.rho").textContent, "Rank correlation +0.50", "it was asked for");
  document.dispatchEvent(new CustomEvent(PAIR, { detail: pairBlob({ grid: "older" }) }));
  assert.equal(root.querySelector("p.rho").textContent, "");
  document.dispatchEvent(new CustomEvent(WANTED));
  assert.equal(root.querySelector("p.rho").textContent, "Rank correlation +0.50");
  assert.equal(board.cells, before);
  leave();
  document.dispatchEvent(new CustomEvent(PAIR, { detail: pairBlob({ grid: "older" }) }));
  document.dispatchEvent(new CustomEvent(WANTED));
  assert.equal(root.querySelector("p.rho").textContent, "", "it has gone");
});

test("a new grid takes the server's view over", async () => {
  const board = await open();
  board.receive(component(grid({ id: "third", viewId: "w|2", view: { depth: 0, best: false } })));
  assert.equal(board.view.best, false);
});

test("one board stays while Streamlit reruns, and goes with its place", async () => {
  const first = mount(component(data), ASSETS);
  const second = mount(component(data), ASSETS);
  await until(() => root.dataset.ready === "1");
  first();
  assert.equal(root.dataset.ready, "1");
  second();
  assert.equal(root.dataset.ready, undefined);
});

test("parts can be used alone: a cell with a sentence, a panel without a pair, controls", () => {
  const cell = new Cell({ key: "k", sentence: "It failed." }, {});
  cell.mark("A");
  cell.point({ x: 0, y: 0 });
  cell.show(0, "row", "map", {});
  assert.equal(cell.node.textContent, "It failed.");
  const section = root.querySelector("section");
  new PairPanel(section, TABLE, () => {}, () => {}).offer([{ key: "k", name: "only one" }]);
  assert.equal(section.hidden, true);
  const set = buildControls(root, { painter: { works: true } });
  set({ best: false, depth: 1, shown: "map", scale: "row" },
    { stops: 1, scales: [{ name: "row", title: "Row", note: "Why" }] }, 0, false);
  assert.equal(root.querySelector(".play").disabled, true, "one layer is nothing to step through");
  assert.equal(root.querySelector("p.note").textContent, "Why");
});
