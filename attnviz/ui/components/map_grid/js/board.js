// The grid on its page: its cells, stepped together, and the two that are compared.

import { unpack } from "../../base/js/blob.js";
import { layerKey } from "../../base/js/keyboard.js";
import { decodedTables } from "../../base/js/tables.js";
import { Player } from "../../base/js/player.js";
import { readScene } from "../../base/js/scene.js";
import { ViewReporter } from "../../base/js/view_reporter.js";
import { Cell, element } from "./cell.js";
import { buildControls } from "./controls.js";
import { FocusPainter } from "./focus.js";
import { depthOf, stopOf } from "./numbers.js";
import { PairPanel } from "./pair.js";
import { PAIR, WANTED } from "./sender.js";

const POINTS = { ArrowRight: [0.02, 0], ArrowLeft: [-0.02, 0], ArrowUp: [0, -0.02], ArrowDown: [0, 0.02] };
const STEPS_A_SECOND = 2;

/** What the page calls a cell: its row, and its column. */
export function cellName(header, index) {
  const { title, photo } = header.rows[Math.floor(index / header.columns.length)];
  const column = header.columns[index % header.columns.length];
  return [title, photo, column].filter(Boolean).join(" · ");
}

export class Board {
  /** @type {Cell[]} */
  cells;
  /** @type {Record<string, any> | null} */
  header;
  /** @type {Record<string, any>} */
  view;
  /** @type {"a" | "b"} */
  next;
  /** @type {{ x: number, y: number } | null} */
  pointed;
  /** @type {boolean} */
  closed;

  constructor(root, assets) {
    this.root = root;
    root.board = this; // for tests, which look at what it does
    this.part = (selector) => root.querySelector(selector);
    this.heat = Object.values(decodedTables(assets.heat))[0];
    const signed = Object.values(decodedTables(assets.signed))[0];
    Object.assign(this, { cells: [], header: null, view: null, next: "a", pointed: null, closed: false });
    this.player = new Player(steps(this));
    this.reporter = new ViewReporter(this);
    this.pair = new PairPanel(this.part(".pair"), signed,
      (letter, key) => this.compare({ [letter]: key }), (point) => this.point(point));
    this.painter = new FocusPainter(assets.shaders, {
      changed: () => this.refresh(),
      finished: () => (root.dataset.final = "1"),
    });
    this.setControls = buildControls(root, this);
    this.leaving = new AbortController();
    const { signal } = this.leaving;
    addEventListener("pagehide", () => this.reporter.now(), { signal });
    const elsewhere = (event) => event.composedPath().includes(root) || this.reporter.now();
    document.addEventListener("pointerdown", elsewhere, { capture: true, signal });
    document.addEventListener(PAIR, (/** @type {any} */ { detail }) => this.receivePair(detail), { signal });
    document.dispatchEvent(new CustomEvent(WANTED));
  }

  // --- what the server sends -------------------------------------------------------------------

  receive({ data, setStateValue }) {
    this.tellState = setStateValue;
    const { header, array } = unpack(data);
    if (header.viewId !== this.viewId) this.begin(header);
    if (header.id === this.header?.id) {
      this.refresh();
      return;
    }
    this.header = header;
    this.build(array);
  }

  /** The two cells that were compared, in a blob of their own. */
  receivePair(bytes) {
    const { header, array } = unpack(bytes);
    this.pair.receive(header, array);
    this.refresh();
  }

  /**
   * Adopt the server's view.
   *
   * @param {Record<string, any>} header
   */
  begin({ viewId, view }) {
    this.player.stop();
    this.viewId = viewId;
    this.view = this.reporter.begin(viewId, view);
    this.next = "a";
  }

  /** New cells: their places at once, their maps as soon as they are read. */
  async build(array) {
    const { header } = this;
    this.clear();
    this.cells = header.cells.map((entry) => new Cell(entry, this));
    this.place();
    const named = header.cells.map((entry, index) => ({ entry, key: entry.key, name: cellName(header, index) }));
    this.names = new Map(named.map(({ key, name }) => [key, name]));
    this.pair.offer(named.filter(({ entry }) => !entry.sentence));
    const cells = [...this.cells];
    const scenes = await Promise.all(cells.map(({ entry }) => entry.sentence ? null : readScene(array(entry.scene).data)));
    if (this.closed || cells[0] !== this.cells[0]) return; // a later grid has taken over
    cells.forEach((cell, index) => {
      if (scenes[index]) cell.receive(scenes[index], this.heat);
    });
    this.refresh();
    this.root.dataset.ready = "1";
  }

  place() {
    const { columns, rows } = this.header;
    const grid = this.part(".grid");
    const head = columns.map((title) => element("div", { className: "column", textContent: title }));
    const nodes = [element("div", { className: "corner" }), ...head];
    rows.forEach(({ title, photo, says }, row) => {
      const lines = [photo, ...says].filter(Boolean).map((text) => element("small", { textContent: text }));
      nodes.push(element("div", { className: "row" }, element("b", { textContent: title }), ...lines));
      const cells = this.cells.slice(row * columns.length, (row + 1) * columns.length);
      nodes.push(...cells.map(({ node }) => node));
    });
    grid.replaceChildren(...nodes);
    this.part(".both").classList.toggle("wide", columns.length > 2);
    grid.style.setProperty("--columns", String(columns.length));
  }

  // --- what the user does ----------------------------------------------------------------------

  get count() {
    return this.header?.stops ?? 0;
  }

  get position() {
    return this.view.best ? this.count - 1 : stopOf(this.view, this.count);
  }

  name(entry) {
    return this.names?.get(entry.key) ?? "";
  }

  change(changes) {
    if (!this.header) return;
    this.view = { ...this.view, ...changes };
    this.reporter.soon();
    this.refresh();
  }

  step(by) {
    this.goTo(this.position + by);
  }

  goTo(stop) {
    this.player.stop();
    this.moveTo(stop);
    this.reporter.soon();
  }

  moveTo(stop) {
    if (!this.header) return;
    const at = Math.min(Math.max(stop, 0), this.count - 1);
    this.view = { ...this.view, best: false, depth: depthOf(at, this.count) };
    this.refresh();
  }

  togglePlay() {
    this.player.toggle();
    if (!this.player.isPlaying) this.reporter.soon();
  }

  /** Take a cell as A or B, in turns; one that is chosen already hands the turn on. */
  choose(key) {
    const { a, b } = this.view;
    if (key === a || key === b) {
      this.next = key === a ? "b" : "a";
      return;
    }
    const letter = this.next;
    this.next = letter === "a" ? "b" : "a";
    this.compare({ [letter]: key });
  }

  /** Two other cells: the server has to compare them, and is told at once. */
  compare(changes) {
    const { a, b } = this.view;
    const pair = { a, b, ...changes };
    // The cell of the other letter was chosen: they change places.
    if (pair.a === pair.b) Object.assign(pair, { a: b, b: a });
    if (this.player.isPlaying) this.togglePlay();
    this.view = { ...this.view, ...pair };
    this.refresh();
    this.reporter.now();
  }

  point(point) {
    this.pointed = point;
    for (const cell of this.cells) cell.point(point);
    this.pair.mark(point);
  }

  /** The keys of a cell, and of the slider (without a cell); true if the key was one. */
  press(event, cell = null) {
    if (cell && event.shiftKey && POINTS[event.key]) {
      const from = this.pointed ?? { x: 0.5, y: 0.5 };
      const inside = (value) => Math.min(Math.max(value, 0), 1);
      const [dx, dy] = POINTS[event.key];
      this.point({ x: inside(from.x + dx), y: inside(from.y + dy) });
      this.part(".spoken").textContent = `${this.name(cell.entry)}: ${cell.here.textContent}`;
      return true;
    }
    if (layerKey(event, this)) return true;
    if (!cell || event.ctrlKey || event.metaKey) return false;
    if (event.key === " ") this.togglePlay();
    else if (event.key === "Enter") this.choose(cell.entry.key);
    else return false;
    return true;
  }

  // --- what is shown ---------------------------------------------------------------------------

  refresh() {
    const { header, view } = this;
    if (!header) return;
    const stop = stopOf(view, this.count);
    this.setControls(view, header, this.position, this.player.isPlaying);
    const painter = view.shown === "focus" && this.painter.works ? this.painter : null;
    this.painter.rest();
    this.root.dataset.final = painter ? "0" : "1";
    for (const cell of this.cells) {
      cell.show(stop, view.scale, painter, header.focus);
      cell.mark({ [view.a]: "A", [view.b]: "B" }[cell.entry.key] ?? "");
    }
    const [a, b] = [view.a, view.b].map((key) => this.cells.find(({ entry }) => entry.key === key));
    if (a?.scene && b?.scene) this.pair.show(view, header.id, [a.index, b.index], a);
    this.point(this.pointed);
    this.root.dataset.stop = String(stop);
  }

  clear() {
    for (const cell of this.cells) cell.close();
    this.painter.clear();
    this.cells = [];
    delete this.root.dataset.ready;
  }

  close() {
    this.player.stop();
    this.reporter.now();
    this.reporter.stop();
    this.closed = true;
    this.leaving.abort();
    this.clear();
    this.painter.close();
  }
}

/** The board as the player sees it: whole stops, without a fade. */
function steps(board) {
  return {
    view: { speed: STEPS_A_SECOND, blend: false },
    get position() {
      return board.position;
    },
    get count() {
      return board.count;
    },
    moveTo: (stop) => board.moveTo(stop),
    playing: () => board.refresh(),
  };
}
