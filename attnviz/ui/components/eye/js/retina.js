// The back of the eye, and the picture as it lies on it: upside down and left to right.

import { seenAt } from "./geometry.js";

export const SIDE = 440;
const STRENGTH = 0.72; // of the picture over the retina

/** Where things are in the panel of SIDE px, for a fundus that was photographed from the front. */
export function frame({ side, fovea, disc, radius, perDegree }) {
  const scale = SIDE / side;
  // From behind, as the eye's owner sees it, left and right change places.
  const turned = ([y, x]) => ({ x: (side - x) * scale, y: y * scale });
  return {
    fovea: turned(fovea),
    disc: { ...turned(disc.at), width: disc.size[1] * scale, height: disc.size[0] * scale },
    middle: SIDE / 2,
    radius: radius * scale,
    perDegree: perDegree * scale,
  };
}

/**
 * For each of the panel's pixels, what it sees: x, y in the photo's px from the gaze; NaN outside the
 * field. Changes with the viewing distance alone.
 */
export function lookup({ fovea, middle, radius, perDegree }, photoPerDegree) {
  const table = new Float32Array(2 * SIDE * SIDE).fill(NaN);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      if (Math.hypot(x + 0.5 - middle, y + 0.5 - middle) > radius) continue;
      const place = { right: (x + 0.5 - fovea.x) / perDegree, up: (fovea.y - y - 0.5) / perDegree };
      const { below, rightOf } = seenAt(place, photoPerDegree);
      table.set([rightOf, below], 2 * (y * SIDE + x));
    }
  }
  return table;
}

/**
 * Lay the photo over the retina: codes RGBA of SIDE x SIDE. `photo`: {data (RGBA), width, height}, a
 * small copy, `scale` of its px for one of the photo's. `gaze`: {x, y} in px of the photo.
 */
export function projected(retina, table, { data, width, height, scale }, gaze) {
  const codes = new Uint8ClampedArray(retina);
  for (let i = 0; i < SIDE * SIDE; i++) {
    const x = Math.floor((gaze.x + table[2 * i]) * scale);
    const y = Math.floor((gaze.y + table[2 * i + 1]) * scale);
    if (!(x >= 0 && y >= 0 && x < width && y < height)) continue;
    const from = 4 * (y * width + x);
    for (let c = 0; c < 3; c++) {
      codes[4 * i + c] = STRENGTH * data[from + c] + (1 - STRENGTH) * retina[4 * i + c];
    }
  }
  return codes;
}

/** Zones, optic disc and the place where the pointed light falls, as drawings. */
export function retinaMarks({ fovea, disc, perDegree }, zones, place) {
  const ring = ({ name, degrees: wide }) => [
    "circle", { class: `ring ${name}`, cx: fovea.x, cy: fovea.y, r: (wide / 2) * perDegree },
  ];
  const named = zones.filter(({ name }) => name === "fovea" || name === "macula");
  const spot = { x: fovea.x + place.right * perDegree, y: fovea.y - place.up * perDegree };
  const below = (x, y, text) => ["text", { x, y, "text-anchor": "middle" }, text];
  return [
    ...zones.map(ring),
    ...named.map(({ name, degrees: wide }) =>
      below(fovea.x, fovea.y + (wide / 2) * perDegree + 21, `${name}, ${wide}°`)),
    ["ellipse", {
      class: "ring disc", cx: disc.x, cy: disc.y, rx: disc.width / 2, ry: disc.height / 2,
    }],
    below(disc.x, disc.y + disc.height / 2 + 22, "optic disc:"),
    below(disc.x, disc.y + disc.height / 2 + 43, "blind spot"),
    ["path", { class: "cross", d: cross(spot, 9) }],
    ["circle", { class: "spot", cx: spot.x, cy: spot.y, r: 4 }],
  ];
}

const cross = ({ x, y }, arm) =>
  `M${x - arm} ${y}L${x - 4} ${y}M${x + 4} ${y}L${x + arm} ${y}M${x} ${y - arm}L${x} ${y - 4}M${x} ${y + 4}L${x} ${y + arm}`;

/** A drawn retina, where there is no photograph of one: the same places at the same scale. */
export function drawRetina(context, { fovea, disc, middle, radius, perDegree }) {
  const shade = (x, y, inner, outer, stops) => {
    const gradient = context.createRadialGradient(x, y, inner, x, y, outer);
    stops.forEach(([share, colour]) => gradient.addColorStop(share, colour));
    context.fillStyle = gradient;
  };
  context.fillStyle = "#000";
  context.fillRect(0, 0, SIDE, SIDE);
  context.save();
  context.beginPath();
  context.arc(middle, middle, radius, 0, 2 * Math.PI);
  context.clip();
  shade(middle, middle, 0, radius, [[0, "#d9663f"], [0.7, "#cf5a3a"], [1, "#8f3a28"]]);
  context.fillRect(0, 0, SIDE, SIDE);
  shade(fovea.x, fovea.y, 0, 5 * perDegree, [[0, "#8e1f10"], [0.5, "#b8432bcc"], [1, "#b8432b00"]]);
  context.fillRect(0, 0, SIDE, SIDE);
  context.strokeStyle = "#9d2a24";
  context.lineCap = "round";
  // Vessels leave with the nerve and go around the macula, above and below it.
  for (const [side, reach, width] of [[-1, 8, 5], [1, 8, 5], [-1, 13, 3], [1, 13, 3], [-1, 5.5, 1.5], [1, 5.5, 1.5]]) {
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(disc.x, disc.y);
    const top = fovea.y + side * reach * perDegree;
    context.bezierCurveTo(disc.x - 2 * perDegree, top, fovea.x, top, fovea.x - 14 * perDegree, fovea.y + side * 3 * perDegree);
    context.stroke();
  }
  context.beginPath();
  context.ellipse(disc.x, disc.y, disc.width / 2, disc.height / 2, 0, 0, 2 * Math.PI);
  shade(disc.x, disc.y, 0, disc.width / 2, [[0, "#ffedb0"], [1, "#f5b06b"]]);
  context.fill();
  context.restore();
}
