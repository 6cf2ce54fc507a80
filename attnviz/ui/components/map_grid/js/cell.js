// One cell of the grid: a picture with a map over it, its scale, and what it is.

import { colourPixels } from "../../base/js/pixels.js";
import { valueAt } from "../../base/js/scene.js";
import { heatPixels } from "./paint.js";
import { endsOf, scaledShares, valueOf } from "./numbers.js";

export const LONGEST = 400;

/** An element with properties and children; text is only ever text. */
export function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

/** The size at which a picture is drawn: 400 px on its longer side, tiny ones too. */
export function drawnSize({ width, height }) {
  const scale = LONGEST / Math.max(width, height);
  return [width, height].map((side) => Math.max(24, Math.round(side * scale)));
}

/**
 * A bitmap's pixels at a size: RGBA.
 *
 * @param {ImageBitmap} bitmap
 * @param {number[]} size width and height
 */
export function pixelsOf(bitmap, size) {
  const [width, height] = size;
  const canvas = element("canvas", { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

export class Cell {
  /** @type {Record<string, any>} */
  entry;
  /** @type {any} */
  host;
  /** @type {import("../../base/js/scene.js").Scene | null} */
  scene;
  /** @type {number} */
  stop;
  /** @type {number[]} */
  size;
  /** @type {string} */
  scale;
  /** @type {Uint8Array} */
  table;
  /** @type {Uint8ClampedArray} */
  sharp;

  /** `entry` is from the header; `host` has name(entry), point(point or null), press(event, cell). */
  constructor(entry, host) {
    Object.assign(this, { entry, host, scene: null, stop: -1 });
    if (entry.sentence) {
      this.node = element("figure", { className: "cell empty" },
        element("p", { className: "sentence", textContent: entry.sentence }));
      return;
    }
    this.canvas = element("canvas", { tabIndex: 0, role: "button" });
    this.badge = element("b", { className: "badge", hidden: true });
    this.cross = element("i", { className: "cross", hidden: true });
    this.frame = element("div", { className: "frame" }, this.canvas, this.badge, this.cross);
    this.low = element("span");
    this.high = element("span");
    this.bar = element("canvas", { width: 256, height: 1, ariaHidden: "true" });
    this.pin = element("i", { className: "pin", hidden: true });
    const ramp = element("span", { className: "colours" }, this.bar, this.pin);
    this.layer = element("span");
    this.here = element("b", { className: "here" });
    this.node = element("figure", { className: "cell" }, this.frame,
      element("div", { className: "ramp" }, this.low, ramp, this.high),
      element("figcaption", {},
        element("b", { textContent: entry.what }),
        element("span", { textContent: entry.method }),
        element("small", {}, this.layer, this.here)));
    this.listen();
  }

  listen() {
    const at = (event) => {
      const { left, top, width, height } = this.canvas.getBoundingClientRect();
      const inside = (value) => Math.min(Math.max(value, 0), 1);
      return { x: inside((event.clientX - left) / width), y: inside((event.clientY - top) / height) };
    };
    this.canvas.onpointermove = (event) => this.host.point(at(event));
    this.canvas.onpointerdown = (event) => this.host.point(at(event));
    this.canvas.onpointerleave = () => this.host.point(null);
    this.canvas.onclick = () => this.host.choose(this.entry.key);
    this.canvas.onkeydown = (event) => {
      if (this.host.press(event, this)) event.preventDefault(); // all else is the browser's: Tab
    };
  }

  /** Take the scene, and the colours of its map. */
  receive(scene, table) {
    const size = drawnSize(scene.header.photo);
    [this.canvas.width, this.canvas.height] = size;
    this.sharp = pixelsOf(scene.bitmap, size);
    Object.assign(this, { scene, size, table });
    this.bar.getContext("2d").putImageData(new ImageData(colourPixels(table), 256, 1), 0, 0);
  }

  get index() {
    return this.entry.layers[this.stop];
  }

  get layerName() {
    return this.scene.header.layers[this.index].name;
  }

  /** Draw a stop on a scale: its map, or with a `painter` its focus picture, by a `curve`. */
  show(stop, scale, painter, curve) {
    if (!this.scene) return;
    Object.assign(this, { stop, scale });
    const range = this.entry.ranges[scale][stop];
    const [width, height] = this.size;
    const own = scale === "cell";
    if (painter) {
      painter.paint(this, this.scene, this.index, range, own, curve);
    } else {
      const shares = scaledShares(this.scene, this.index, range, own, width, height);
      const pixels = heatPixels(this.sharp, shares, this.table);
      this.canvas.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
    }
    const { flat } = this.scene.header.layers[this.index];
    const place = this.index < this.entry.depth ? ` · ${this.index + 1} of ${this.entry.depth}` : "";
    this.layer.textContent = `${this.layerName}${place}${flat ? " · flat: nothing stands out" : ""}`;
    const mean = this.entry.means[this.index];
    [this.low.textContent, this.high.textContent] = endsOf(scale, range, mean);
    Object.assign(this.canvas.dataset, { layer: this.layerName, stop: String(stop) });
  }

  /** A focus picture, once it is drawn. */
  take(canvas) {
    this.canvas.getContext("2d").drawImage(canvas, 0, 0, ...this.size);
  }

  /** "A", "B", or none; and what a screen reader says of it. */
  mark(letter) {
    if (!this.canvas) return;
    this.badge.hidden = !letter;
    this.badge.textContent = letter;
    this.frame.className = letter ? "frame chosen" : "frame";
    this.canvas.ariaPressed = String(Boolean(letter));
    const layer = this.scene ? `, ${this.layerName}` : "";
    this.canvas.ariaLabel = `${this.host.name(this.entry)}: ${this.entry.what}${layer}${letter ? `, chosen as ${letter}` : ""}`;
  }

  /** Mark a point of the picture, and write the map's value there; null clears both. */
  point(point) {
    if (!this.canvas) return;
    this.cross.hidden = !point;
    this.pin.hidden = true;
    this.here.textContent = "";
    if (!point || !this.scene) return;
    Object.assign(this.cross.style, { left: `${100 * point.x}%`, top: `${100 * point.y}%` });
    const value = valueAt(this.scene, this.index, point.x, point.y);
    this.here.textContent = valueOf(this.scale, value, this.entry.means[this.index]);
    const [low, high] = this.entry.ranges[this.scale][this.stop];
    if (value === null || high <= low) return;
    this.pin.hidden = false;
    this.pin.style.left = `${100 * Math.min(Math.max((value - low) / (high - low), 0), 1)}%`;
  }

  close() {
    this.scene?.bitmap.close();
    this.scene = null;
  }
}
