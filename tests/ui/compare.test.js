// The grid of the page "Compare": what it reads and paints, how it steps, and what it tells.

import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import { beforeEach, test } from "node:test";

import { Board, cellName } from "../../attnviz/ui/compare/js/board.js";
import { Cell, LONGEST, drawnSize, element, pixelsOf } from "../../attnviz/ui/compare/js/cell.js";
import { buildControls } from "../../attnviz/ui/compare/js/controls.js";
import { mount } from "../../attnviz/ui/compare/js/main.js";
import { depthOf, depthWords, endsOf, scaledShares, stopOf, valueOf } from "../../attnviz/ui/compare/js/numbers.js";
import { OPACITY, differencePixels, focusPixels, heatPixels, rampPixels } from "../../attnviz/ui/compare/js/paint.js";
import { PairPanel } from "../../attnviz/ui/compare/js/pair.js";
import { unpack } from "../../attnviz/ui/compare/js/payload.js";
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
function gridBlob({ id = "grid", pair = null, viewId = opened, view = {}, offset = 0 } = {}) {
  const parts = [];
  let size = 0;
  const add = (raw) => {
    parts.push(raw);
    size += raw.length;
    return [size - raw.length, raw.length];
  };
  const full = (key, layers, stops) => ({
    key, photo: 0, look: "attention", what: `Relevance for ${HOSTILE}`, method: "Rollout", depth: layers.length,
    layers: stops, means: layers.map(([low, high]) => (low + high) / 2),
    ranges: {
      row: stops.map(() => [0, 8]), all: stops.map(() => [0, 16]),
      even: stops.map((at) => [0, layers[at][1]]), cell: stops.map((at) => layers[at]),
    },
    id: key, at: add(sceneBlob(layers)),
  });
  const empty = (key) => ({ key, photo: 0, look: "decision", what: "Relevance", sentence: `None: ${HOSTILE}` });
  const cells = [
    full("one/a", [[0, 4], [2, 8], [4, 4]], [0, 1, 2, 1]), empty("one/d"),
    full("two/a", [[1, 2]], [0, 0, 0, 0]), empty("two/d"),
  ];
  const header = {
    id, viewId, stops: 3, columns: ["Attends?", "Rests?"], cells,
    rows: [{ title: HOSTILE, says: ["church 0.83"], photo: "" }, { title: "Two", says: [], photo: "b.jpg" }],
    photos: [{ radii: [1, 2, 4], levels: [add(Uint8Array.of(1)), add(Uint8Array.of(2)), add(Uint8Array.of(3))] }],
    scales: ["row", "all", "even", "cell"].map((name) => ({ name, title: `T ${name}`, note: `N ${name}` })),
    focus: { threshold: 0.25, softness: 0.5 },
    view: { best: true, depth: 1, shown: "map", scale: "row", a: "one/a", b: "two/a", ...view },
    pair: pair && {
      ...pair,
      found: {
        "1,0": { says: ["Rank correlation +0.50", "Top 0.30"], rows: 1, columns: 2, box: [0, 0, 1, 1],
          at: add(Uint8Array.of(127, 129)) },
        "2,0": { sentence: "A is flat." },
      },
    },
  };
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
  node.getContext = () => ({
    drawImage: (bitmap) => (colour = bitmap.colour ?? SHARP),
    getImageData: (_x, _y, width, height) => ({
      data: Uint8ClampedArray.from({ length: 4 * width * height }, (_, i) => colour[i % 4]),
    }),
    putImageData: (image) => (node.image = image),
  });
  node.bounds = { left: 0, top: 0, width: 200, height: 100 };
  return node;
}

// The teller keeps views by their ids: each test has its own.
let opened = "v|0";
let clock, root, place, told, data;

beforeEach(() => {
  ({ clock } = installPage());
  opened = `v|${Number(opened.slice(2)) + 1}`;
  const plain = (tag) => {
    const node = tag === "canvas" ? canvas() : new Element(tag);
    node.style.setProperty = (name, value) => (node.style[name] = value);
    return node;
  };
  document.createElement = plain;
  const closed = [];
  globalThis.createImageBitmap = async (blob) => {
    const [first] = new Uint8Array(await blob.arrayBuffer());
    return { colour: first ? [10 * first, 10 * first, 10 * first, 255] : SHARP, close: () => closed.push(first) };
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

const component = (bytes) => ({
  parentElement: place, data: bytes, setStateValue: (name, value) => told.push([name, value]),
});

async function open(bytes = data) {
  const board = new Board(root, { heat: { inferno: BASE64 }, signed: { PuOr: BASE64 } });
  board.receive(component(bytes));
  await until(() => root.dataset.ready === "1");
  return board;
}

const said = (board) => board.cells.filter(({ canvas: one }) => one).map(({ canvas: one }) => one.dataset.layer);

test("the blob is read wherever it begins in a message", () => {
  for (const offset of [0, 1, 7]) {
    const { header, block } = unpack(gridBlob({ offset }));
    assert.equal(header.rows[0].title, HOSTILE);
    assert.deepEqual([...block(header.photos[0].levels[1])], [2]);
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

test("a focus picture is the sharp photo where focus is 1 and the blurriest where it is 0", () => {
  const level = (value) => Uint8ClampedArray.of(...Array(4).fill([value, value, value, 255]).flat());
  const levels = [0, 40, 80, 160].map(level);
  // Radii 0, 1, 2, 4: focus 1, 0.75 and 0 meet one copy each; 0.375 lies half way between two.
  const made = focusPixels(levels, [0, 1, 2, 4], [1, 0.75, 0, 0.375]);
  assert.deepEqual([0, 4, 8, 12].map((at) => made[at]), [0, 40, 160, 100]);
  assert.ok([3, 7, 11, 15].every((at) => made[at] === 255));
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

test("scale and focus picture are the browser's own work", async () => {
  const board = await open();
  const [cell] = board.cells;
  const first = cell.canvas.image.data[0];
  board.change({ scale: "all" });
  assert.equal(cell.high.textContent, "16.0");
  assert.notEqual(cell.canvas.image.data[0], first);
  board.change({ scale: "even" });
  assert.equal(cell.high.textContent, "1.60 × even");
  const [radio] = root.querySelectorAll("fieldset input").slice(1);
  radio.onchange();
  // The left end has 0.25 of the scale's 1: half sharp, so half way to the blurriest copy.
  board.change({ scale: "row" });
  const mixed = cell.canvas.image.data[0];
  near(mixed, 20, 1, "the second of three copies");
  assert.equal(told.length, 0);
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
  const pair = { a: "one/a", b: "two/a", note: "Two pictures." };
  const board = await open(gridBlob({ pair }));
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

test("a new pair leaves the cells as they are, a new grid makes them anew", async () => {
  const board = await open();
  const before = board.cells;
  board.receive(component(gridBlob({ id: "other", pair: { a: "one/a", b: "two/a", note: "" } })));
  assert.equal(board.cells, before);
  assert.equal(root.querySelector("p.rho").textContent, "Rank correlation +0.50");
  board.receive(component(gridBlob({ id: "third", viewId: "w|2", view: { depth: 0, best: false } })));
  assert.equal(board.view.best, false);
});

test("one board stays while Streamlit reruns, and goes with its place", async () => {
  const first = mount(component(data), { heat: { i: BASE64 }, signed: { p: BASE64 } });
  const second = mount(component(data), { heat: { i: BASE64 }, signed: { p: BASE64 } });
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
  const set = buildControls(root, {});
  set({ best: false, depth: 1, shown: "map", scale: "row" },
    { stops: 1, scales: [{ name: "row", title: "Row", note: "Why" }] }, 0, false);
  assert.equal(root.querySelector(".play").disabled, true, "one layer is nothing to step through");
  assert.equal(root.querySelector("p.note").textContent, "Why");
});
