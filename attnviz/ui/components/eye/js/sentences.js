// Sentences about a place, in degrees, millimetres and cycles.

import { degrees, finest, sharpAngle, zoneOf } from "./geometry.js";

const short = (value) => (value < 9.95 ? value.toFixed(1) : value.toFixed(0));

/** `4` -> "4 × coarser than a human eye", `1` -> "As fine as a human eye". */
export function coarserThan(factor) {
  const times = Number.isInteger(factor) ? String(factor) : factor.toFixed(1);
  return factor === 1 ? "As fine as a human eye" : `${times} × coarser than a human eye`;
}

/** Which way on the retina: "lower right". */
function direction({ right, up, angle }) {
  const [along, across] = [up / angle, right / angle];
  const words = [];
  if (Math.abs(along) > 0.38) words.push(up > 0 ? "upper" : "lower");
  if (Math.abs(across) > 0.38) words.push(right > 0 ? "right" : "left");
  return words.join(" ");
}

/**
 * What there is to say of a landing: rows of [what, value]. `screen`: {perDegree (CSS px), pxPerCm,
 * photoPerDegree}.
 */
export function facts(place, eye, retina, screen) {
  const zone = zoneOf(place, eye);
  const where = place.angle < 0.05
    ? "in the middle of the fovea"
    : `${short(place.angle)}° from the fovea's middle, ${short(place.angle * eye.mmPerDegree)} mm, ${direction(place)}`;
  if (zone === "blind spot") {
    return [["Zone", "blind spot"], ["On the retina", where], ["Finest detail", "none: here the nerve leaves"]];
  }
  const own = finest({ ...retina, coarser: 1 }, place.angle);
  const limit = screen.photoPerDegree / 2;
  const lines = (10 * screen.perDegree) / screen.pxPerCm / own;
  const rows = [
    ["Zone", zone ?? "beyond the macula"],
    ["On the retina", where],
    ["Finest detail", `${short(own)} cycles per degree: lines ${lines.toFixed(lines < 1 ? 2 : 1)} mm apart on your screen`],
  ];
  const shown = finest(retina, place.angle);
  const here = shown >= limit ? `all that its pixels hold, ${short(limit)} cycles per degree`
    : `up to ${short(shown)} cycles per degree`;
  return [...rows, ["This picture", retina.coarser > 1 ? `${here} (${coarserThan(retina.coarser)})` : here]];
}

/** What the whole picture is to such an eye, where that is a surprise; else "". */
export function sizeNote({ width, height }, zones, retina, perDegree) {
  const across = 2 * degrees(Math.hypot(width, height) / 2, perDegree);
  const fovea = zones.find(({ name }) => name === "fovea").degrees;
  if (across <= fovea) {
    return `From here the whole picture, ${short(across)}° from corner to corner, fits on the fovea (${fovea}°). ` +
      "Come nearer to see a difference.";
  }
  const farthest = degrees(Math.hypot(width, height), perDegree);
  if (farthest <= sharpAngle(retina, perDegree)) {
    return "From here such an eye sees all that this picture's pixels hold, wherever it looks. " +
      "Come nearer, or exaggerate.";
  }
  return "";
}
