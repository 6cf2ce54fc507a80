// The stage around the canvas: its size, labels, cross-hairs, and the divider. DOM only, no GPU.

import { surfaceTitle } from "./controls.js";
import { surfaces } from "../../base/js/view.js";
import { layout, toPane } from "../../base/js/zoom.js";

const MOST_PIXELS = 3e6;

/** Lay the panes out for the stage's width; returns {panes (CSS px), height, density}. */
export function arrange(stage, canvas, photo, view) {
  const width = Math.max(1, stage.clientWidth);
  // On a phone, the choice of photo above it and what is done with it below are to fit in as well.
  const share = window.innerWidth <= 640 ? 0.52 : 0.72;
  const tallest = Math.max(240, share * window.innerHeight);
  const made = layout(width, photo.width / photo.height, view.mode === "side", tallest);
  const native = window.devicePixelRatio || 1;
  const density = Math.min(native, Math.sqrt(MOST_PIXELS / (width * made.height)));
  const size = [Math.round(width * density), Math.round(made.height * density)];
  if (canvas.width !== size[0]) canvas.width = size[0];
  if (canvas.height !== size[1]) canvas.height = size[1];
  canvas.style.height = `${made.height}px`;
  return { ...made, density };
}

/** The panes in device px, whole numbers. */
export function devicePanes({ panes, density }) {
  return panes.map((pane) => ({
    x: Math.round(pane.x * density),
    y: Math.round(pane.y * density),
    width: Math.round(pane.width * density),
    height: Math.round(pane.height * density),
  }));
}

/** Name what each pane shows; in the split view, both sides of the divider. */
export function label(area, panes, view, title) {
  const { left, right } = surfaces(view);
  const split = view.mode === "split";
  const names = view.mode === "side" || split ? [left, right] : [left];
  area.replaceChildren(
    ...names.map((name, index) => {
      const pane = panes[Math.min(index, panes.length - 1)];
      const text = Object.assign(document.createElement("span"), {
        textContent: surfaceTitle(name, title, view.outline),
      });
      text.style.top = `${pane.y}px`;
      if (split && index) text.style.right = `${area.parentElement.clientWidth - pane.x - pane.width}px`;
      else text.style.left = `${pane.x}px`;
      return text;
    }),
  );
}

/** A mark at a point of the picture in every pane; none where the pane does not show it. */
export function mark(area, panes, zoom, point, picked) {
  const marks = [];
  for (const [at, name] of [[picked, "picked"], [point, "pointed"]]) {
    if (!at) continue;
    const { u, v } = toPane(zoom, at.x, at.y);
    if (u < 0 || u > 1 || v < 0 || v > 1) continue;
    for (const pane of panes) {
      const cross = Object.assign(document.createElement("i"), { className: name });
      cross.style.left = `${pane.x + u * pane.width}px`;
      cross.style.top = `${pane.y + v * pane.height}px`;
      marks.push(cross);
    }
  }
  area.replaceChildren(...marks);
}

/** Put the divider where the view has it. */
export function placeWipe(handle, pane, view) {
  handle.hidden = view.mode !== "split";
  handle.style.left = `${pane.x + view.wipe * pane.width}px`;
  handle.style.top = `${pane.y}px`;
  handle.style.height = `${pane.height}px`;
  handle.ariaValueNow = String(Math.round(100 * view.wipe));
}
