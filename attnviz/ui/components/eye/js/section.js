// The left eye from above, to scale in millimetres and degrees: light goes from the picture through
// the pupil and crosses at the nodal point, 17 mm before the fovea, where the origin is.

import { degrees } from "./geometry.js";

const RADIANS = Math.PI / 180;
const [MIDDLE, RADIUS] = [5.7, 11.3]; // of the eyeball
const FARTHEST = 34; // of the picture from the nodal point; not to scale
const HIGHEST = 13;
const PUPIL = { x: -3.4, half: 1.9 };
export const VIEW_BOX = [-37, -17, 72, 34];

/** The place on the retina at an angle, degrees; to the nose is up in the drawing. */
export function onRetina(angle, inward = 0) {
  const slope = Math.tan(angle * RADIANS);
  const radius = RADIUS - inward;
  const a = 1 + slope ** 2;
  const x = (MIDDLE + Math.sqrt(MIDDLE ** 2 - a * (MIDDLE ** 2 - radius ** 2))) / a;
  return { x, y: -slope * x };
}

/** How far before the eye the picture is drawn, so that its width fits. */
export function pictureAt(widthPx, perDegree) {
  const widest = Math.tan(degrees(widthPx, perDegree) * RADIANS);
  return Math.max(13, Math.min(FARTHEST, HIGHEST / widest));
}

const at = ({ x, y }) => `${x.toFixed(2)} ${y.toFixed(2)}`;

function arc(from, to, inward = 0) {
  const radius = RADIUS - inward;
  const [start, stop] = [onRetina(from, inward), onRetina(to, inward)];
  const large = Number(start.x + stop.x < 2 * MIDDLE && to - from > 90);
  return `M${at(start)}A${radius} ${radius} 0 ${large} 0 ${at(stop)}`;
}

function label(text, x, y, anchor, to) {
  const lines = to ? [["path", { class: "leader", d: `M${to[0]} ${to[1]}L${to[2]} ${to[3]}` }]] : [];
  return [...lines, ["text", { x, y, "text-anchor": anchor }, text]];
}

function anatomy(zones, disc) {
  const size = Object.fromEntries(zones.map(({ name, degrees: wide }) => [name, wide / 2]));
  const [near, far] = [disc.right - disc.width / 2, disc.right + disc.width / 2];
  const nerve = [near, far].map((angle) => onRetina(angle, -0.2));
  const out = { x: 10.5, y: -5.5 };
  const cord = nerve.map((one, i) => ({ x: one.x + out.x + i, y: one.y + out.y }));
  return [
    ["path", { class: "nerve", d: `M${at(nerve[0])}L${at(cord[0])}L${at(cord[1])}L${at(nerve[1])}Z` }],
    ["path", {
      class: "ball",
      d: `M-4.33 -5.2A${RADIUS} ${RADIUS} 0 1 1 -4.33 5.2A6.4 6.4 0 0 1 -4.33 -5.2Z`,
    }],
    ["path", { class: "cornea", d: "M-4.33 5.2A6.4 6.4 0 0 1 -4.33 -5.2" }],
    ["path", { class: "retina", d: arc(-73, 73, 0.5) }],
    ["path", { class: "macula", d: arc(-size.macula, size.macula, 0.5) }],
    ["path", { class: "fovea", d: arc(-size.fovea, size.fovea, 0.5) }],
    ["path", { class: "disc", d: arc(near, far, 0.4) }],
    ["path", { class: "iris", d: `M-3.6 -5.6L-3.6 -${PUPIL.half}M-3.6 ${PUPIL.half}L-3.6 5.6` }],
    ["ellipse", { class: "lens", cx: -1.6, cy: 0, rx: 1.9, ry: 4.4 }],
  ];
}

function labels(x0) {
  return [
    ...label("your picture", Math.max(-x0 - 2, -36.5), -14.4, "start"),
    ...label("cornea", -11, 9.6, "end", [-10.6, 8.8, -6, 3.4]),
    ...label("pupil", -8, -11.4, "end", [-7.6, -11.6, -3.6, -1.2]),
    ...label("lens", -6, 14.4, "end", [-5.6, 13.4, -1.9, 3]),
    ...label("macula, 17°", 20, 6.4, "start", [19.6, 5.6, 16.7, 2.2]),
    ...label("fovea, 5°", 20, 1.2, "start", [19.6, 0.4, 17.1, 0.2]),
    ...label("blind spot", 20, -3.6, "start", [19.6, -4.2, 16.4, -4.2]),
    ...label("optic nerve", 20, -12.6, "start"),
    ...label("retina", 20, 11.8, "start", [19.6, 11, 13.5, 7.6]),
  ];
}

/**
 * The drawing. `angleAt(share)`: the angle of a place in the picture's row, from 0 (left) to 1, to
 * the right of the gaze. `colours`: of the row, left to right. `pointed`: its angle, degrees.
 */
export function section({ zones, disc, x0, angleAt, colours, pointed }) {
  const picture = (angle) => ({ x: -x0, y: -x0 * Math.tan(angle * RADIANS) });
  const count = colours.length;
  const strips = colours.flatMap((colour, i) => {
    const [from, to] = [angleAt(i / count), angleAt((i + 1) / count)];
    const [a, b] = [picture(from), picture(to)];
    return [
      ["path", { class: "row", stroke: colour, d: `M${at(a)}L${at(b)}` }],
      ["path", { class: "image", stroke: colour, d: arc(-to, -from, 1.5) }],
    ];
  });
  const ray = (angle, name) => {
    const [from, to] = [picture(angle), onRetina(-angle, 1.5)];
    return ["path", { class: name, d: `M${at(from)}L0 0L${at(to)}` }];
  };
  const [source, image] = [picture(pointed), onRetina(-pointed, 0.5)];
  const edges = [-1, 1].map((side) => at({ x: PUPIL.x, y: side * PUPIL.half }));
  return [
    ["path", { class: "beam", d: `M${at(source)}L${edges[0]}L${at(image)}L${edges[1]}Z` }],
    ...anatomy(zones, disc),
    ...strips,
    ray(angleAt(0), "ray"),
    ray(angleAt(1), "ray"),
    ray(pointed, "ray pointed"),
    ["circle", { class: "spot", cx: source.x.toFixed(2), cy: source.y.toFixed(2), r: 0.75 }],
    ["circle", { class: "spot", cx: image.x.toFixed(2), cy: image.y.toFixed(2), r: 0.75 }],
    ...labels(x0),
  ];
}
