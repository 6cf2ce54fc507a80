// What is drawn over the picture: rings of the retina around the gaze, the blind spot, the stops of
// a scanpath as numbered circles. In CSS px of the stage.

import { pixels } from "./geometry.js";

const LABELLED = 26;

/** Rings of the zones around the gaze, and the left eye's blind spot. */
export function rings({ gaze, zones, disc, perDegree }) {
  const circles = zones.map(({ name, degrees: wide }) => {
    const r = pixels(wide / 2, perDegree);
    const around = [["circle", { class: "under", cx: gaze.x, cy: gaze.y, r }],
      ["circle", { class: `ring ${name}`, cx: gaze.x, cy: gaze.y, r }]];
    const text = ["text", { x: gaze.x, y: gaze.y - r - 4, "text-anchor": "middle" }, `${name} ${wide}°`];
    return ["g", {}, ...around, ...(r > LABELLED && name !== "parafovea" ? [text] : [])];
  });
  const angle = Math.hypot(disc.right, disc.up);
  const away = pixels(angle, perDegree) / angle;
  // The light that falls on the disc comes from the other side.
  const middle = { x: gaze.x - disc.right * away, y: gaze.y + disc.up * away };
  const [rx, ry] = [disc.width, disc.height].map((wide) => pixels(wide / 2, perDegree));
  const spot = { cx: middle.x, cy: middle.y, rx, ry };
  return [
    ...circles,
    ["ellipse", { class: "under", ...spot }],
    ["ellipse", { class: "ring disc", ...spot }],
    ["text", { x: middle.x, y: middle.y - ry - 4, "text-anchor": "middle" }, "left eye's blind spot"],
  ];
}

/** The stops up to a number, joined by lines; wider where the gaze rests longer. `here` is ringed. */
export function stopMarks(stops, here) {
  const lines = stops.slice(1).flatMap((stop, i) => {
    const ends = { x1: stops[i].x, y1: stops[i].y, x2: stop.x, y2: stop.y };
    return [["line", { class: "under", ...ends }], ["line", { class: "saccade", ...ends }]];
  });
  const circles = stops.map(({ x, y, ms }, index) => ["g", { class: index === here ? "stop here" : "stop" },
    ["circle", { cx: x, cy: y, r: 9 + ms / 10 }],
    ["text", { x, y: y + 4, "text-anchor": "middle" }, index + 1]]);
  return [...lines, ...circles];
}

/** A small cross at the gaze or at what is pointed at. */
export function cross({ x, y }, name) {
  const arms = `M${x - 10} ${y}L${x - 3} ${y}M${x + 3} ${y}L${x + 10} ${y}M${x} ${y - 10}L${x} ${y - 3}M${x} ${y + 3}L${x} ${y + 10}`;
  return ["g", { class: `cross ${name}` }, ["path", { class: "under", d: arms }], ["path", { d: arms }]];
}
