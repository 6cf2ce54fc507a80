// All layers side by side, small; a click or the arrow keys choose one.

import { thumbnail } from "../../base/js/scene.js";

const WIDTH = 96;

/** Rebuild the strip for a scene. `choose(index)` is called with the layer that was chosen. */
export function buildStrip(strip, scene, choose) {
  const { layers, photo } = scene.header;
  const height = Math.round(Math.min(Math.max((WIDTH * photo.height) / photo.width, 24), 2 * WIDTH));
  const buttons = layers.map((layer, index) => {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", role: "option", title: layer.name });
    const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height });
    const name = Object.assign(document.createElement("span"), { textContent: layer.name });
    button.append(canvas, name);
    button.onclick = () => choose(index);
    return button;
  });
  strip.replaceChildren(...buttons);
  strip.hidden = layers.length < 2;
}

/** Paint every layer's map in the strip with the view's colours and scale. */
export function paintStrip(strip, scene, view, table) {
  [...strip.children].forEach((button, index) => {
    const canvas = button.querySelector("canvas");
    const { width, height } = canvas;
    const codes = thumbnail(scene, index, view, table, width, height);
    canvas.getContext("2d").putImageData(new ImageData(codes, width, height), 0, 0);
  });
}

/** Mark the layer that is shown and bring it into sight, without moving the page. */
export function markStrip(strip, chosen) {
  [...strip.children].forEach((button, index) => {
    button.ariaSelected = String(index === chosen);
    button.tabIndex = index === chosen ? 0 : -1;
  });
  const button = strip.children[chosen];
  if (!button) return;
  const left = button.offsetLeft - strip.offsetLeft;
  const right = left + button.offsetWidth;
  if (left < strip.scrollLeft) strip.scrollLeft = left - 8;
  if (right > strip.scrollLeft + strip.clientWidth) strip.scrollLeft = right - strip.clientWidth + 8;
}
