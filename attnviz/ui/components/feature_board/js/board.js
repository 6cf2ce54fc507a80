// The board: every picture twice, as components and as similarity to the chosen patch.

import { unpack } from "../../base/js/blob.js";
import { decoded } from "../../base/js/pictures.js";
import { colourPixels, valuePixels } from "../../base/js/pixels.js";
import { decodedTables } from "../../base/js/tables.js";
import { drawMark, drawOver, gridCanvas } from "./paint.js";
import { nearest, patchAt, patchesOf, placeOf, similarities, stepped } from "./patches.js";

const LONGEST = 900; // px of a pane
const KINDS = ["components", "similarity"];

const percent = (share) => `${Math.round(100 * share)} %`;
const cosine = (value) => value.toFixed(2).replace(/^-0.00$/, "0.00").replace("-", "−");

export class Board {
  /** @type {any[]} a picture with its patches, photo, elements, and values for the chosen patch */
  pictures = [];
  /** @type {{ picture: number, patch: number }} */
  chosen = null;
  /** @type {string | null} */
  id = null;

  constructor(root, { heat }) {
    this.root = root;
    this.table = decodedTables(heat).inferno;
    this.part = (selector) => root.querySelector(selector);
    this.events = new AbortController();
    const on = (part, type, call) => part.addEventListener(type, call, { signal: this.events.signal });
    for (const radio of root.querySelectorAll(".modes input")) {
      on(radio, "change", () => this.setMode(radio.value));
    }
    for (const name of [".opacity", ".stretch"]) on(this.part(name), "input", () => this.draw());
    const ramp = new ImageData(colourPixels(this.table), 256, 1);
    this.part(".ramp").getContext("2d").putImageData(ramp, 0, 0);
    this.setMode("components");
  }

  /** Read the blob, unless it is the one that is shown, and decode its photos. */
  async receive({ data }) {
    const { header, array } = unpack(data);
    if (this.id === header.id) return;
    this.id = header.id;
    const photos = await Promise.all(header.pictures.map((_, at) => decoded(array(`photo ${at}`).data)));
    if (this.id === header.id) this.show(header, array, photos);
  }

  /**
   * Show pictures, whose patch in the middle of the first is chosen to begin with.
   *
   * @param {Record<string, any>} header
   * @param {import("../../base/js/blob.js").PackedBlob["array"]} array
   * @param {ImageBitmap[]} photos
   */
  show({ pictures, coarser }, array, photos) {
    this.release();
    this.pictures = pictures.map(({ name, size, box }, at) => {
      const patches = patchesOf(array(`features ${at}`), box);
      const { shape, data } = array(`colours ${at}`);
      const colours = gridCanvas(colourPixels(data), shape[0], shape[1]);
      return { name, size, patches, colours, photo: photos[at], ...this.figure(name, size, at) };
    });
    this.coarser = coarser;
    this.part(".pictures").replaceChildren(...this.pictures.map(({ figure }) => figure));
    const { patches } = this.pictures[0];
    const [top, left, bottom, right] = patches.box;
    this.choose(0, patchAt(patches, (left + right) / 2, (top + bottom) / 2));
  }

  /** The elements of a picture; names come from uploaded files: textContent only. */
  figure(name, [height, width], at) {
    const make = (tag, className, text = "") =>
      Object.assign(document.createElement(tag), { className, textContent: text });
    const figure = make("figure", "picture");
    const panes = make("div", "panes");
    const scale = LONGEST / Math.max(width, height);
    const canvases = KINDS.map((kind) => {
      const canvas = make("canvas", kind);
      canvas.width = Math.max(1, Math.round(width * scale));
      canvas.height = Math.max(1, Math.round(height * scale));
      panes.append(canvas);
      canvas.onclick = (event) => this.point(at, canvas, event, true);
      canvas.onpointermove = (event) => {
        if (event.pointerType === "mouse" && event.buttons === 1) this.point(at, canvas, event, false);
      };
      return canvas;
    });
    panes.style.maxWidth = `calc(140vh * ${width / height})`; // each of the two at most 70 % as high
    panes.tabIndex = 0;
    panes.setAttribute("role", "slider");
    panes.setAttribute("aria-label", `Patches of ${name}`);
    panes.onkeydown = (event) => this.press(at, event);
    const caption = make("figcaption", "");
    const said = make("span", "");
    caption.append(make("b", "", name), said);
    figure.append(panes, caption);
    return { figure, panes, canvases, said };
  }

  setMode(mode) {
    this.root.dataset.mode = mode;
    for (const radio of this.root.querySelectorAll(".modes input")) radio.checked = radio.value === mode;
  }

  point(at, canvas, event, settled) {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const { patches } = this.pictures[at];
    const patch = patchAt(patches, (event.clientX - left) / width, (event.clientY - top) / height);
    if (patch === null) return;
    this.choose(at, patch);
    if (settled) this.setMode("similarity"); // on a phone one of the two is seen
  }

  press(at, event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const { patches } = this.pictures[at];
    const { picture, patch } = this.chosen;
    const here = picture === at ? patch : nearest(this.pictures[at].values);
    const next = stepped(event.key, patches, here);
    if (next === null) return;
    event.preventDefault();
    this.choose(at, next);
    this.setMode("similarity");
  }

  /** Compare all patches with one. */
  choose(picture, patch) {
    if (this.chosen?.picture === picture && this.chosen.patch === patch) return;
    this.chosen = { picture, patch };
    const from = this.pictures[picture].patches;
    for (const one of this.pictures) one.values = similarities(from, patch, one.patches);
    const { x, y, width, height } = placeOf(from, patch);
    const where = `${percent(x + width / 2)} from the left, ${percent(y + height / 2)} from the top`;
    const name = this.pictures.length > 1 ? ` of ${this.pictures[picture].name}` : "";
    const note = this.coarser ? " Neighbouring patches are averaged, because there are very many." : "";
    this.part(".said").textContent = `The patch ${where}${name}, compared with all patches.${note}`;
    this.pictures.forEach((one, at) => this.describe(one, at, where));
    this.draw();
  }

  /** What is written below a picture, and said of it. */
  describe({ values, patches, panes, said }, at, where) {
    const own = at === this.chosen.picture;
    const best = nearest(values);
    const alike = values.filter((value) => value >= 0.5).length / values.length;
    const range = `${cosine(Math.min(...values))} to ${cosine(Math.max(...values))}`;
    said.textContent = `${own ? "" : `most alike ${cosine(values[best])} · `}similarity ${range} · ${percent(alike)} of it at 0.5 or above`;
    panes.setAttribute("aria-valuemin", "1");
    panes.setAttribute("aria-valuemax", String(values.length));
    panes.setAttribute("aria-valuenow", String(1 + (own ? this.chosen.patch : best)));
    const { x, y } = placeOf(patches, best);
    const spoken = own ? `chosen, ${where}` : `most alike ${percent(x)} from the left, ${percent(y)} from the top`;
    panes.setAttribute("aria-valuetext", `${spoken}. ${said.textContent}`);
  }

  draw() {
    const opacity = Number(this.part(".opacity").value) / 100;
    const stretch = this.part(".stretch").checked;
    [this.part(".low").textContent, this.part(".high").textContent] = stretch ? ["least", "most"] : ["0", "1"];
    this.pictures.forEach((one, at) => {
      const { patches, photo, colours, canvases, values } = one;
      const { rows, columns, box } = patches;
      const [low, high] = stretch ? [Math.min(...values), Math.max(...values)] : [0, 1];
      const grids = [colours, gridCanvas(valuePixels(values, low, high, this.table), rows, columns)];
      const own = at === this.chosen.picture;
      canvases.forEach((canvas, kind) => {
        drawOver(canvas, photo, grids[kind], box, opacity);
        drawMark(canvas, patches, own ? this.chosen.patch : nearest(values), !own);
      });
    });
    this.root.dataset.chosen = `${this.chosen.picture} ${this.chosen.patch}`;
  }

  release() {
    for (const { photo } of this.pictures) photo.close();
    this.pictures = [];
    this.chosen = null;
  }

  close() {
    this.id = null; // photos that are still being decoded come to nothing
    this.events.abort();
    this.release();
  }
}
