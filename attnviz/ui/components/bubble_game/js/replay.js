// Both sides of a round, stepped bubble by bubble: what each saw so far, and how sure it made the network.

import { unpack } from "../../base/js/blob.js";
import { decoded } from "../../base/js/pictures.js";
import { Painter } from "./painter.js";
import { recognised } from "./words.js";

const PACE = 800;

const made = (tag, name, ...parts) => {
  const node = document.createElement(tag);
  node.className = name;
  node.append(...parts);
  return node;
};

export class Replay {
  /** @type {Record<string, any>} */
  header;
  /** @type {ImageBitmap} */
  soft;
  /** @type {ImageBitmap} */
  sharp;
  /** @type {ImageBitmap | undefined} */
  heat;

  constructor(root) {
    this.root = root;
    this.part = (selector) => root.querySelector(selector);
    this.events = new AbortController();
    const on = (name, type, call) =>
      this.part(name).addEventListener(type, call, { signal: this.events.signal });
    on(".step", "input", () => this.go(Number(this.part(".step").value)));
    on(".back", "click", () => this.go(this.step - 1));
    on(".forth", "click", () => this.go(this.step + 1));
    on(".run", "click", () => this.toggle());
    on(".heat", "change", () => this.draw());
  }

  async receive({ data }) {
    const { header, names, array } = unpack(data);
    if (this.id === header.id) return;
    this.id = header.id;
    const bitmaps = await Promise.all(names.map((name) => decoded(array(name).data)));
    if (this.id === header.id) this.show(header, bitmaps);
  }

  /** The sides of a round, with the pictures blurred, sharp, and (where there is a map) as heat. */
  show(header, pictures) {
    const [soft, sharp, heat] = pictures;
    Object.assign(this, { header, soft, sharp, heat });
    this.stop();
    const [height, width] = header.size;
    this.root.style.setProperty("--shape", String(width / height));
    this.sides = header.sides.map((side) => this.added(side));
    this.part(".pair").replaceChildren(...this.sides.map((one) => one.figure));
    this.last = Math.max(...header.sides.map((side) => side.places.length));
    this.part(".step").max = String(this.last);
    this.part(".over").hidden = !heat;
    this.part(".over span").textContent = header.map;
    this.go(this.last);
  }

  added(side) {
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    const [sentence, bar, track] = [made("span", "p"), made("i", "fill"), made("div", "track")];
    track.append(bar);
    track.style.setProperty("--colour", side.colour);
    const figure = made("figure", "side", made("div", "name", side.title), canvas);
    figure.append(made("figcaption", "caption", sentence, track));
    return { side, canvas, sentence, bar, track, figure, painter: new Painter(canvas, this.header) };
  }

  go(step) {
    this.step = Math.min(Math.max(step, 0), this.last);
    this.draw();
    if (this.step === this.last) this.stop();
  }

  toggle() {
    if (this.timer) {
      this.stop();
      return;
    }
    if (this.step === this.last) this.go(0);
    this.timer = setTimeout(() => this.next(), PACE);
    this.showRun();
  }

  next() {
    this.timer = setTimeout(() => this.next(), PACE);
    this.go(this.step + 1);
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = null;
    this.showRun();
  }

  showRun() {
    const run = this.part(".run");
    run.textContent = this.timer ? "❚❚" : "▶";
    run.setAttribute("aria-label", this.timer ? "Pause" : "Play");
  }

  draw() {
    const onMap = Boolean(this.heat) && this.part(".heat").checked;
    for (const { side, canvas, sentence, bar, track, painter } of this.sides) {
      const places = side.places.slice(0, this.step);
      if (onMap) painter.show(this.heat, this.sharp, []);
      else painter.show(this.soft, this.sharp, places);
      painter.rings(places);
      const known = side.probability.length > 0;
      const bubbles = `${places.length} of ${side.places.length} bubbles`;
      sentence.textContent = known ? recognised(side, this.step, this.header.label) : bubbles;
      track.hidden = !known;
      const share = known ? side.probability[Math.min(this.step, side.probability.length - 1)] : 0;
      bar.style.width = `${100 * share}%`;
      canvas.setAttribute("aria-label", `${side.title}. ${sentence.textContent}`);
    }
    const step = this.part(".step");
    step.value = String(this.step);
    const text = `${this.step} of ${this.last} open`;
    step.setAttribute("aria-valuetext", text);
    this.part(".where").textContent = text;
    this.part(".back").disabled = this.step === 0;
    this.part(".forth").disabled = this.step === this.last;
  }

  close() {
    this.id = null; // pictures that are still being decoded come to nothing
    this.stop();
    this.events.abort();
  }
}
