// The grid of the page "Compare": what it reads and paints, how it steps, and what it tells.

import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import { beforeEach, test } from "node:test";

import { Board, cellName } from "../../attnviz/ui/compare/js/board.js";
import { Cell, LONGEST, drawnSize, element, pixelsOf } from "../../attnviz/ui/compare/js/cell.js";
import { buildControls } from "../../attnviz/ui/compare/js/controls.js";
import { mount } from "../../attnviz/ui/compare/js/main.js";
import { depthOf, depthWords, endsOf, scaledShares, stopOf, valueOf } from "../../attnviz/ui/compare/js/numbers.js";
import { OPACITY, differencePixels, heatPixels, rampPixels } from "../../attnviz/ui/compare/js/paint.js";
import { FocusPainter } from "../../attnviz/ui/compare/js/focus.js";
import { PairPanel } from "../../attnviz/ui/compare/js/pair.js";
import { unpack } from "../../attnviz/ui/compare/js/payload.js";
import mountPair, { PAIR, WANTED } from "../../attnviz/ui/compare/js/sender.js";
import { FakeGl, shaders } from "./viewer/fake_gl.js";
import { Element, installPage, make, near, until } from "./viewer/fakes.js";

const HOSTILE = `<img src=x onerror="alert(1)">`;
const TABLE = Uint8Array.from({ length: 768 }, (_, index) => Math.floor(index / 3));
const BASE64 = Buffer.from(TABLE).toString("base64");
const SHARP = [100, 150, 200, 255];

/** The viewer's blob of a picture of 4 x 2 px with layers of 1 x 2 cells: [low, high] each. */
function sceneBlob(layers) {
  const blocks = Uint8Array.from(layers.flatMap(() => [0, 255, 0, 0]));
  const maps = deflateSync(blocks);
  const header = {
    id: "scene", photo: { bytes: 4, width: 4, height: 2 }, maps: { bytes: maps.length }, box: [0, 0, 1, 1],
    mattes: null,
    layers: layers.map(([low, high], index) => ({
      name: `layer ${index}`, rows: 1, columns: 2, low, high, mean: (low + high) / 2,
      flat: low === high, fused: false, bits: 8, at: 4 * index,
    })),
  };
  let text = JSON.stringify(header);
  text = text.padEnd(4 * Math.ceil(text.length / 4));
  const bytes = new Uint8Array(4 + text.length + 4 + maps.length);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(new TextEncoder().encode(text), 4);
  bytes.set(maps, 8 + text.length);
  return bytes;
}

/** A grid of two rows and two columns: two full cells on the left, sentences on the right. */
function gridBlob({ id = "grid", viewId = opened, view = {}, offset = 0 } = {}) {
  const parts = [];
  let size = 0;
  const add = (raw) => {
    parts.push(raw);
    size += raw.length;
    return [size - raw.length, raw.length];
  };
  const full = (key, layers, stops) => ({
    key, look: "attention", what: `Relevance for ${HOSTILE}`, method: "Rollout", depth: layers.length,
    layers: stops, means: layers.map(([low, high]) => (low + high) / 2),
    ranges: {
      row: stops.map(() => [0, 8]), all: stops.map(() => [0, 16]),
      even: stops.map((at) => [0, layers[at][1]]), cell: stops.map((at) => layers[at]),
    },
    id: key, at: add(sceneBlob(layers)),
  });
  const empty = (key) => ({ key, look: "decision", what: "Relevance", sentence: `None: ${HOSTILE}` });
  const cells = [
    full("one/a", [[0, 4], [2, 8], [4, 4]], [0, 1, 2, 1]), empty("one/d"),
    full("two/a", [[1, 2]], [0, 0, 0, 0]), empty("two/d"),
  ];
  const header = {
    id, viewId, stops: 3, columns: ["Attends?", "Rests?"], cells,
    rows: [{ title: HOSTILE, says: ["church 0.83"], photo: "" }, { title: "Two", says: [], photo: "b.jpg" }],
    scales: ["row", "all", "even", "cell"].map((name) => ({ name, title: `T ${name}`, note: `N ${name}` })),
    focus: { threshold: 0.25, softness: 0.5, radius: 0.03 },
    view: { best: true, depth: 1, shown: "map", scale: "row", a: "one/a", b: "two/a", ...view },
  };
  return blobOf(header, parts, offset);
}

/** Two cells of the grid that were compared. */
function pairBlob(pair = {}) {
  const found = {
    "1,0": { says: ["Rank correlation +0.50", "Top 0.30"], rows: 1, columns: 2, box: [0, 0, 1, 1], at: [0, 2] },
    "2,0": { sentence: "A is flat." },
  };
  return blobOf({ grid: "grid", a: "one/a", b: "two/a", note: "", found, ...pair }, [Uint8Array.of(127, 129)], 0);
}

function blobOf(header, parts, offset) {
  const size = parts.reduce((sum, { length }) => sum + length, 0);
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(offset + 4 + text.length + size);
  new DataView(bytes.buffer).setUint32(offset, text.length, true);
  bytes.set(text, offset + 4);
  let at = offset + 4 + text.length;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes.subarray(offset);
}

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

// The teller keeps views by their ids: each test has its own.
let opened = "v|0";
let clock, root, place, told, data, gpu;

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
  const grid = plain("div");
  grid.className = "grid";
  const pairFrame = part("div.frame", canvas(), part("i.cross"));
  const pair = part("section.pair", part("select.a"), part("select.b"), pairFrame,
    part("div.ramp", canvas()), part("p.rho"), part("p.iou"), part("p.said"));
  root = part("div.compare",
    part("fieldset.shown"), part("select.scale"), part("input.best"),
    part("button.back"), part("label.position", part("b"), part("input")), part("button.on"), part("button.play"),
    part("p.note"), part("div.both", grid, pair), part("p.spoken"));
  place = part("div", root);
  told = [];
  data = gridBlob();
});

const ASSETS = { heat: { inferno: BASE64 }, signed: { PuOr: BASE64 }, shaders: shaders() };
const component = (bytes) => ({
  parentElement: place, data: bytes, setStateValue: (name, value) => told.push([name, value]),
});

async function open(bytes = data) {
  const board = new Board(root, ASSETS);
  board.receive(component(bytes));
  await until(() => root.dataset.ready === "1");
  return board;
}

const said = (board) => board.cells.filter(({ canvas: one }) => one).map(({ canvas: one }) => one.dataset.layer);

test("the blob is read wherever it begins in a message", () => {
  for (const offset of [0, 1, 7]) {
    const { header, block } = unpack(gridBlob({ offset }));
    assert.equal(header.rows[0].title, HOSTILE);
    assert.deepEqual([...block(header.cells[0].at)], [...sceneBlob([[0, 4], [2, 8], [4, 4]])]);
  }
});

test("heat is mixed as the server mixes it", () => {
  const photo = Uint8ClampedArray.of(255, 255, 255, 255, 0, 0, 0, 255);
  // White: 0.4 of it, and 0.6 of the colour at full shade; black: 0.6 of the colour at shade 0.35.
  const made = heatPixels(photo, Float32Array.of(1, 0.4), TABLE);
  assert.deepEqual([...made], [255, 255, 255, 255, 21, 21, 21, 255]);
  assert.equal(OPACITY, 0.6);
  assert.deepEqual([...heatPixels(photo, [0, 1], TABLE, 0)], [...photo]);
});

test("a difference is neutral where there is none, and leaves the photo alone outside its box", () => {
  const photo = Uint8ClampedArray.of(...Array(8).fill([255, 255, 255, 255]).flat());
  const found = { values: Float32Array.of(-1, 1), rows: 1, columns: 2, box: [0, 0, 0.5, 1] };
  const made = differencePixels(photo, [4, 2], found, TABLE);
  const over = (value) => Math.round(255 * 0.15 + 0.85 * value);
  // Bilinear between the centres of two cells: -1, -0.5, 0.5, 1.
  assert.deepEqual([0, 4, 8, 12].map((at) => made[at]), [over(0), over(64), over(191), over(255)]);
  assert.deepEqual([...made.subarray(16)], [...photo.subarray(16)]);
});

test("the ramp shows the table once from its first colour to its last", () => {
  const made = rampPixels(TABLE);
  assert.deepEqual([made.length, made[0], made[3], made[4 * 255]], [1024, 0, 255, 255]);
});

test("stops are depths, and the one behind them is the best layer of each", () => {
  assert.equal(stopOf({ best: true, depth: 0.5 }, 9), 9);
  assert.deepEqual([0, 0.5, 1].map((depth) => stopOf({ best: false, depth }, 9)), [0, 4, 8]);
  assert.equal(stopOf({ best: false, depth: 0.3 }, 1), 0);
  assert.equal(stopOf({ best: true, depth: 0.3 }, 0), 0);
  assert.deepEqual([depthOf(4, 9), depthOf(0, 1)], [0.5, 1]);
  assert.equal(depthWords({ best: true }, 9), "best layer of each");
  assert.equal(depthWords({ best: false, depth: 1 }, 1), "the only layer");
  assert.equal(depthWords({ best: false, depth: 0 }, 9), "0 %, the first layer of each");
  assert.equal(depthWords({ best: false, depth: 0.5 }, 9), "50 %");
});

test("values are put on a shared scale, and a flat map stands where its value is", () => {
  const layer = { low: 2, high: 6, mean: 3, flat: false };
  const scene = { header: { layers: [layer], box: [0, 0.5, 1, 1] }, planes: [Float32Array.of(0, 1)], rows: 1, columns: 2 };
  const shares = scaledShares(scene, 0, [0, 8], false, 4, 1);
  assert.deepEqual([...shares], [0, 0, 0.625, 0.75], "0 where it was not seen; then 2 + 4 * 0.75 and 6, of 8");
  layer.flat = true;
  assert.deepEqual([...scaledShares(scene, 0, [0, 6], false, 2, 1)], [0.5, 0.5]);
  assert.deepEqual([...scaledShares(scene, 0, [2, 6], true, 2, 1, 0.25)], [0.25, 0.25]);
  assert.deepEqual([...scaledShares(scene, 0, [0, 0], false, 1, 1)], [0.5]);
});

test("ends and values are absolute, or multiples of an even map", () => {
  assert.deepEqual(endsOf("row", [0, 1.923], 0.5), ["0.00", "1.92"]);
  assert.deepEqual(endsOf("even", [0, 4], 0.5), ["0", "8.00 × even"]);
  assert.deepEqual(endsOf("even", [0, 0], 0), ["0", "0"]);
  assert.equal(valueOf("cell", 0.25, 0.5), "0.250");
  assert.equal(valueOf("even", 0.25, 0.5), "0.500 ×");
  assert.equal(valueOf("row", null, 0.5), "not seen");
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
  assert.deepEqual(said(board), ["layer 1", "layer 0"]);
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
  assert.deepEqual(told, []);
});

test("stepping moves every cell by relative depth, and is told once it rests", async () => {
  const board = await open();
  const key = (name, more = {}) => board.press({ key: name, ...more }, board.cells[0]);
  key("Home");
  assert.deepEqual([said(board), root.dataset.stop], [["layer 0", "layer 0"], "0"]);
  key("ArrowRight");
  assert.deepEqual(said(board), ["layer 1", "layer 0"]);
  assert.equal(root.querySelector(".position b").textContent, "50 %");
  key("End");
  assert.deepEqual(said(board), ["layer 2", "layer 0"]);
  assert.match(board.cells[0].layer.textContent, /flat: nothing stands out/);
  assert.deepEqual(told, [], "nothing is sent while the depth is stepped");
  clock.advance(1100);
  assert.equal(told.length, 1);
  assert.deepEqual([told[0][1].best, told[0][1].depth, told[0][1].viewId], [false, 1, opened]);
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
  assert.deepEqual(told, []);
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
  assert.equal(told.length, 0);
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
  assert.equal(told.length, 0);
});

test("without WebGL2 the cells show maps, and the focus picture cannot be chosen", async () => {
  gpu = null;
  const board = await open(gridBlob({ view: { shown: "focus" } }));
  const [map, focus] = root.querySelectorAll("fieldset input");
  assert.deepEqual([map.checked, focus.checked, focus.disabled], [true, false, true]);
  assert.match(focus.title, /no WebGL2/);
  assert.ok(board.cells[0].canvas.image);
  const painter = new FocusPainter(shaders(), {});
  assert.equal(painter.works, false);
});

test("two cells are chosen by click, in turns, and the server is told at once", async () => {
  const board = await open(gridBlob({ view: { a: "one/a", b: "" } }));
  board.choose("one/a");
  board.choose("two/a");
  assert.deepEqual(told.map(([, { a, b }]) => [a, b]), [["one/a", "two/a"]]);
  assert.equal(root.querySelector("p.said").textContent, "Comparing …");
  const box = root.querySelector("select.a");
  box.value = "two/a";
  box.onchange();
  assert.deepEqual([board.view.a, board.view.b], ["two/a", "one/a"], "they change places");
});

test("numbers of the pair follow the depth, and say where there is nothing to compare", async () => {
  const board = await open();
  board.receivePair(pairBlob({ note: "Two pictures." }));
  const text = (name) => root.querySelector(name).textContent;
  assert.deepEqual([text("p.rho"), text("p.iou"), text("p.said")], ["Rank correlation +0.50", "Top 0.30", "Two pictures."]);
  const shown = root.querySelector("section canvas");
  assert.match(shown.ariaLabel, /Rank correlation \+0\.50/);
  assert.ok(shown.image.data[0] > shown.image.data[4 * 399], "A is higher on the left: the table's end");
  board.goTo(2);
  assert.deepEqual([text("p.rho"), text("p.said")], ["", "A is flat. Two pictures."]);
  board.compare({ a: "two/a", b: "one/a" });
  assert.equal(text("p.said"), "Comparing …");
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
  board.receive(component(gridBlob({ id: "third", viewId: "w|2", view: { depth: 0, best: false } })));
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
