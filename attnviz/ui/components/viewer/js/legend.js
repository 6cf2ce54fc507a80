// The colour scale with its absolute values, and the value under the pointer.

import { scaleRange } from "../../base/js/optics.js";
import { scaledMap, valueAt } from "../../base/js/scene.js";
import { ends, number, scaleNote } from "../../base/js/words.js";

/** Show the scale of a layer. */
export function showLegend(area, scene, index, view, table) {
  const { layers, legend, noun } = scene.header;
  const [low, high] = scaleRange(layers[index], layers, view.scale);
  [area.querySelector(".low").textContent, area.querySelector(".high").textContent] = ends(low, high);
  const note = scaleNote(view.scale, layers[index], noun);
  area.querySelector(".note").textContent = `${legend} ${note}.`;
  const canvas = area.querySelector("canvas");
  if (canvas.dataset.name === view.colours) return;
  canvas.dataset.name = view.colours;
  const codes = new Uint8ClampedArray(4 * 256).fill(255);
  for (let i = 0; i < 256; i++) codes.set(table.subarray(3 * i, 3 * i + 3), 4 * i);
  canvas.getContext("2d").putImageData(new ImageData(codes, 256, 1), 0, 0);
}

/** Show the value under the pointer, as a number and as a mark on the scale; null clears both. */
export function showValue(area, scene, index, view, point) {
  const value = point && valueAt(scene, index, point.x, point.y);
  const pin = area.querySelector("i");
  pin.hidden = value === null;
  area.querySelector(".here").textContent =
    value === null ? (point ? "not seen" : "") : number(value);
  if (value !== null) {
    pin.style.left = `${100 * scaledMap(scene, index, view.scale)(point.x, point.y)}%`;
  }
}
