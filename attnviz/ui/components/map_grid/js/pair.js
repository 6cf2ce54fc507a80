// Two cells set against each other: the difference of their maps, and two numbers.

import { colourPixels } from "../../base/js/pixels.js";
import { differencePixels } from "./paint.js";
import { element } from "./cell.js";

const WAITING = "Comparing …";

export class PairPanel {
  /** @type {HTMLElement} */
  root;
  /** @type {Uint8Array} */
  table;
  /** @type {Record<string, any> | null} */
  pair;
  /** @type {import("../../base/js/blob.js").PackedBlob["array"]} */
  array;

  /** `choose(letter, key)` receives what a box holds. */
  constructor(root, table, choose, point) {
    this.part = (selector) => root.querySelector(selector);
    Object.assign(this, { root, table, pair: null, array: null });
    for (const letter of ["a", "b"]) {
      const box = this.part(`select.${letter}`);
      box.onchange = () => choose(letter, box.value);
    }
    const canvas = this.part(".frame canvas");
    canvas.onpointermove = (event) => {
      const { left, top, width, height } = canvas.getBoundingClientRect();
      point({ x: (event.clientX - left) / width, y: (event.clientY - top) / height });
    };
    canvas.onpointerleave = () => point(null);
    const ramp = new ImageData(colourPixels(table), 256, 1);
    this.part(".ramp canvas").getContext("2d").putImageData(ramp, 0, 0);
  }

  /** What can be chosen: [{key, name}]. Two are needed. */
  offer(names) {
    this.root.hidden = names.length < 2;
    for (const letter of ["a", "b"]) {
      const options = names.map(({ key, name }) => element("option", { value: key, textContent: name }));
      this.part(`select.${letter}`).replaceChildren(...options);
    }
  }

  receive(pair, array) {
    Object.assign(this, { pair, array });
  }

  /**
   * Show the cells a and b of a grid at their layers' indices; `under` has sharp pixels and size of
   * a's photo.
   */
  show(view, grid, layers, under) {
    for (const letter of ["a", "b"]) this.part(`select.${letter}`).value = view[letter];
    const fits = this.pair?.grid === grid && this.pair.a === view.a && this.pair.b === view.b;
    const name = layers.join();
    const found = fits ? this.pair.found[name] : null;
    const says = found?.says ?? ["", ""];
    this.part(".rho").textContent = says[0];
    this.part(".iou").textContent = says[1];
    const words = [found ? found.sentence : WAITING, fits ? this.pair.note : ""];
    this.part(".summary").textContent = words.filter(Boolean).join(" ");
    this.draw(found?.says ? { ...found, ...this.difference(name) } : null, under);
  }

  draw(found, { sharp, size }) {
    const canvas = this.part(".frame canvas");
    [canvas.width, canvas.height] = size;
    canvas.ariaLabel = found ? `Where A and B differ. ${found.says.join(". ")}` : "No difference to show";
    const pixels = found
      ? differencePixels(sharp, size, found, this.table)
      : sharp;
    canvas.getContext("2d").putImageData(new ImageData(pixels, size[0], size[1]), 0, 0);
  }

  /** The values of a difference, -1..1, on its grid. */
  difference(name) {
    const { data, shape: [rows, columns] } = this.array(name);
    return { values: Float32Array.from(data, (code) => code / 127), rows, columns };
  }

  mark(point) {
    const cross = this.part(".cross");
    cross.hidden = !point;
    if (point) Object.assign(cross.style, { left: `${100 * point.x}%`, top: `${100 * point.y}%` });
  }
}
