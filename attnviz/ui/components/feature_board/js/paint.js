// Pixels of the board: grids as small pictures, laid over a photo, and marks of patches.

import { placeOf } from "./patches.js";

/** A canvas with one pixel for each cell of a grid. */
export function gridCanvas(pixels, rows, columns) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [columns, rows];
  canvas.getContext("2d").putImageData(new ImageData(pixels, columns, rows), 0, 0);
  return canvas;
}

/** The photo with a grid over the part `box` that the network saw; `opacity` in 0..1. */
export function drawOver(canvas, photo, grid, [top, left, bottom, right], opacity) {
  const { width, height } = canvas;
  const context = canvas.getContext("2d");
  context.globalAlpha = 1;
  context.drawImage(photo, 0, 0, width, height);
  context.globalAlpha = opacity;
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  const [x, y] = [left * width, top * height];
  context.drawImage(grid, x, y, (right - left) * width, (bottom - top) * height);
  context.globalAlpha = 1;
}

/** @type {[string, number][]} colours and widths of a mark, drawn one over the other */
const OUTLINES = [["rgb(0 0 0 / 75%)", 5], ["#fff", 2.5]];

/** Mark a patch: the chosen one with a square, another's nearest one with a ring. */
export function drawMark(canvas, patches, patch, ring) {
  const { x, y, width, height } = placeOf(patches, patch);
  const context = canvas.getContext("2d");
  const [across, down] = [width * canvas.width, height * canvas.height];
  const [middle, centre] = [(x + width / 2) * canvas.width, (y + height / 2) * canvas.height];
  const scale = Math.max(1, canvas.width / 500);
  for (const [style, thick] of OUTLINES) {
    context.strokeStyle = style;
    context.lineWidth = thick * scale;
    context.beginPath();
    if (ring) context.arc(middle, centre, Math.max(0.7 * Math.max(across, down), 8 * scale), 0, 2 * Math.PI);
    else context.rect(x * canvas.width, y * canvas.height, across, down);
    context.stroke();
  }
}
