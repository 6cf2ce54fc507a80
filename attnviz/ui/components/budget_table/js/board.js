// The table on its page: its cells, the line where the decision is lost, and the chosen cell.

import { unpack } from "../../base/js/blob.js";
import { decoded } from "../../base/js/pictures.js";
import { colourPixels } from "../../base/js/pixels.js";
import { borders, cellAt, cellPixels, labelled, moved } from "./table.js";
import { Composer } from "./composer.js";
import { ofDiagonal, percent, pixels, sentences } from "./words.js";

const LABEL = 28;

const span = (...parts) => {
  const made = document.createElement("span");
  made.append(...parts);
  return made;
};

export class Board {
  /** @type {Record<string, any>} */
  header;
  /** @type {Uint8Array} */
  colours;
  /** @type {[number, number]} */
  cell;
  /** @type {string} */
  shownId;

  constructor(root) {
    this.root = root;
    this.part = (selector) => root.querySelector(selector);
    this.plot = this.part(".plot");
    this.heat = this.part(".plot canvas");
    this.events = new AbortController();
    const { signal } = this.events;
    for (const type of ["pointermove", "pointerdown"]) {
      this.plot.addEventListener(type, (event) => this.point(event), { signal });
    }
    this.plot.addEventListener("keydown", (event) => this.press(event), { signal });
    this.resized = new ResizeObserver(() => this.paint());
    this.resized.observe(this.plot);
  }

  /** Read the blob, unless it is the one that is shown, and decode its pictures. */
  async receive({ data }) {
    const { header, array } = unpack(data);
    if (this.id === header.id) return;
    this.id = header.id;
    const pictures = header.radii.map((_, index) => array(`picture ${index}`).data);
    const [colours, steps] = ["colours", "steps"].map((name) => array(name).data);
    const bitmaps = await Promise.all(pictures.map((png) => decoded(png, "image/png")));
    if (this.id === header.id) this.show(header, colours, steps, bitmaps);
  }

  /** Show a budget with its pictures as bitmaps. */
  show(header, colours, steps, bitmaps) {
    Object.assign(this, { header, colours });
    this.composer = new Composer(this.part(".fed"), header.size, steps, bitmaps);
    this.part(".title").textContent = `Probability of ${header.label}`;
    const [height, width] = header.size;
    this.part(".note").textContent = `Exactly what the network was given, ${width} × ${height} px.`;
    this.plot.setAttribute("aria-valuemin", "0");
    this.plot.setAttribute("aria-valuemax", String(this.count - 1));
    const rows = header.radii.map((radius) => {
      const share = document.createElement("small");
      share.textContent = ofDiagonal(radius, header.diagonal);
      return span(pixels(radius), share);
    });
    this.part(".rows").replaceChildren(...rows.reverse());
    this.paintRamp();
    this.paint();
    this.choose(header.start);
  }

  get shape() {
    return [this.header.radii.length, this.header.shares.length];
  }

  get count() {
    return this.shape[0] * this.shape[1];
  }

  choose(cell) {
    if (this.cell && this.shownId === this.header.id && String(cell) === String(this.cell)) return;
    [this.cell, this.shownId] = [cell, this.header.id];
    const [radius, share] = cell;
    const [radii, shares] = this.shape;
    const { cell: what, answer, recognised } = sentences(this.header, cell);
    const at = {
      left: share / shares, top: (radii - 1 - radius) / radii, width: 1 / shares, height: 1 / radii,
    };
    const { style } = this.part(".cursor");
    for (const [name, value] of Object.entries(at)) style[name] = `${100 * value}%`;
    this.part(".cell").textContent = what;
    this.part(".answer").textContent = answer;
    this.part("figcaption").className = recognised ? "recognised" : "lost";
    this.part(".fed").setAttribute("aria-label", what);
    this.plot.setAttribute("aria-valuenow", String(radius * shares + share));
    this.plot.setAttribute("aria-valuetext", `${what}. ${answer}`);
    this.composer.draw(cell);
  }

  point(event) {
    if (!this.header) return;
    const { left, top, width, height } = this.plot.getBoundingClientRect();
    const [x, y] = [(event.clientX - left) / width, (event.clientY - top) / height];
    this.choose(cellAt(x, y, ...this.shape));
  }

  press(event) {
    if (!this.header || event.ctrlKey || event.altKey || event.metaKey) return;
    const cell = moved(event.key, this.cell, ...this.shape);
    if (!cell) return;
    event.preventDefault();
    this.choose(cell);
  }

  paintRamp() {
    const ramp = new ImageData(colourPixels(this.colours), 256, 1);
    this.part(".ramp").getContext("2d").putImageData(ramp, 0, 0);
  }

  /** Cells and lines, at the screen's own resolution. */
  paint() {
    const { clientWidth, clientHeight } = this.plot;
    if (!this.header || !clientWidth) return;
    const [radii, shares] = this.shape;
    const density = window.devicePixelRatio || 1;
    this.heat.width = Math.round(clientWidth * density);
    this.heat.height = Math.round(clientHeight * density);
    const small = document.createElement("canvas");
    [small.width, small.height] = [shares, radii];
    const cells = new ImageData(cellPixels(this.header.probability, this.colours), shares, radii);
    small.getContext("2d").putImageData(cells, 0, 0);
    const context = this.heat.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(small, 0, 0, this.heat.width, this.heat.height);
    this.line(context, this.header.firm, density, [5, 4]);
    this.line(context, this.header.recognised, density, []);
    const shown = labelled(shares, clientWidth, LABEL);
    const labels = shown.map((index) => {
      const label = span(percent(this.header.shares[index]).replace(" %", ""));
      label.style.left = `${(100 * (index + 0.5)) / shares}%`;
      return label;
    });
    this.part(".columns").replaceChildren(...labels);
  }

  line(context, table, density, dashes) {
    const [radii, shares] = this.shape;
    const [width, height] = [this.heat.width / shares, this.heat.height / radii];
    context.beginPath();
    for (const [x0, y0, x1, y1] of borders(table)) {
      context.moveTo(x0 * width, y0 * height);
      context.lineTo(x1 * width, y1 * height);
    }
    context.lineCap = dashes.length ? "butt" : "square";
    for (const [colour, thick, pattern] of [["#111", 5, []], ["#fff", 2.5, dashes]]) {
      context.setLineDash(pattern.map((length) => length * density));
      context.strokeStyle = colour;
      context.lineWidth = (dashes.length ? 0.7 : 1) * thick * density;
      context.stroke();
    }
  }

  close() {
    this.id = null; // pictures that are still being decoded come to nothing
    this.events.abort();
    this.resized.disconnect();
  }
}
