// Fixations drawn over the picture: dots by viewer, or one viewer's path as numbered circles.

import { colour, radii, shownAt } from "./path.js";

/** @type {[string, number][]} colours and widths of a path, drawn one over the other */
const OUTLINES = [["rgb(0 0 0 / 60%)", 4.5], ["#fff", 2]];

const DOT = 0.007; // of the picture's width
const CIRCLE = 0.021;
const LEAST = 3.5; // CSS px

/** Draw at `time` those viewers whose numbers are in `who`; `scale` is canvas px to picture px. */
export function paint(context, { width, scale, density }, viewers, who, time) {
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  if (who.length === 1) {
    path(context, viewers[who[0]], { base: Math.max(CIRCLE * width * scale, 3 * LEAST * density), scale, density }, time);
    return;
  }
  const radius = Math.max(DOT * width * scale, LEAST * density);
  for (const index of who) {
    const viewer = viewers[index];
    const { begun, now } = shownAt(viewer, time);
    for (let at = 0; at < begun; at++) {
      const size = at === now ? 1.8 * radius : radius;
      disc(context, viewer.x[at] * scale, viewer.y[at] * scale, size, colour(index, viewers.length), density);
    }
  }
}

function path(context, viewer, { base, scale, density }, time) {
  const { begun, now } = shownAt(viewer, time);
  const sizes = radii(viewer, base);
  const at = (index) => [viewer.x[index] * scale, viewer.y[index] * scale];
  for (const [style, thick] of OUTLINES) {
    context.beginPath();
    context.moveTo(...at(0));
    for (let index = 1; index < begun; index++) context.lineTo(...at(index));
    context.strokeStyle = style;
    context.lineWidth = thick * density;
    context.lineJoin = "round";
    context.stroke();
  }
  for (let index = 0; index < begun; index++) {
    const [x, y] = at(index);
    disc(context, x, y, sizes[index], index === now ? "#f59e0b" : "rgb(13 148 136 / 88%)", 1.6 * density);
    context.fillStyle = index === now ? "#111" : "#fff";
    context.font = `600 ${Math.round(Math.min(sizes[index] * 1.05, 15 * density))}px sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(String(index + 1), x, y);
  }
}

function disc(context, x, y, radius, fill, thick) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = fill;
  context.fill();
  context.strokeStyle = "rgb(255 255 255 / 95%)";
  context.lineWidth = thick;
  context.stroke();
}
