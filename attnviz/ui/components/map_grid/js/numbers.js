// What a cell's colours stand for, and where the grid stands.

import { FLAT_FOCUS } from "../../base/js/optics.js";
import { sample } from "../../base/js/maps.js";
import { ends, number } from "../../base/js/words.js";

const inside = (value) => Math.min(Math.max(value, 0), 1);

/** The stop that a view shows: `count` itself stands for the best layer of each cell. */
export function stopOf(view, count) {
  return view.best ? count : Math.round(view.depth * Math.max(count - 1, 0));
}

/** How deep a stop is, 0..1. */
export const depthOf = (stop, count) => (count > 1 ? stop / (count - 1) : 1);

/**
 * A layer's values on a scale, 0..1, as width x height samples of the whole picture; 0 where the
 * network saw nothing. `range` are the absolute values that become 0 and 1; `even` is what a flat
 * map shows where its own values span the scale.
 */
export function scaledShares(scene, index, [low, high], own, width, height, even = FLAT_FOCUS) {
  const layer = scene.header.layers[index];
  const shares = new Float32Array(width * height);
  if (layer.flat || high <= low) {
    return shares.fill(own || high <= low ? even : inside((layer.mean - low) / (high - low)));
  }
  const [top, left, bottom, right] = scene.header.box;
  const factor = (layer.high - layer.low) / (high - low);
  const offset = (layer.low - low) / (high - low);
  for (let row = 0; row < height; row++) {
    const y = (row + 0.5) / height;
    if (y < top || y > bottom) continue;
    for (let column = 0; column < width; column++) {
      const x = (column + 0.5) / width;
      if (x < left || x > right) continue;
      const value = sample(scene.planes[index], scene.rows, scene.columns, x, y);
      shares[row * width + column] = inside(value * factor + offset);
    }
  }
  return shares;
}

/** Both ends of a scale as they are written; on the scale `even` in multiples of the map's mean. */
export function endsOf(scale, [low, high], mean) {
  if (scale !== "even") return ends(low, high);
  return ["0", mean > 0 ? `${number(high / mean)} × even` : "0"];
}

/** A value as it is written on a scale; null where the network saw nothing. */
export function valueOf(scale, value, mean) {
  if (value === null) return "not seen";
  return scale === "even" && mean > 0 ? `${number(value / mean)} ×` : number(value);
}

/** What stands beside the slider. */
export function depthWords(view, count) {
  if (view.best) return "best layer of each";
  if (count < 2) return "the only layer";
  const share = Math.round(100 * view.depth);
  return `${share} %${{ 0: ", the first layer of each", 100: ", the last layer of each" }[share] ?? ""}`;
}
