// What the controls say. The server checks it again; here it only has to stay drawable.

/**
 * What the viewer's controls say; ranges as in `LIMITS`.
 *
 * @typedef {object} View
 * @property {string} layer
 * @property {string} mode one of `MODES`
 * @property {number} radius of the largest blur disc, as a share of the diagonal
 * @property {number} threshold
 * @property {number} softness
 * @property {string} scale "layer", "all-layers" or "absolute"
 * @property {boolean} outline
 * @property {string} aperture
 * @property {number} highlights
 * @property {string} colours
 * @property {number} opacity
 * @property {boolean} blend
 * @property {number} speed layers per second
 * @property {string} left one of `SURFACES`
 * @property {string} right one of `SURFACES`
 * @property {number} wipe
 */

export const MODES = ["side", "bokeh", "heat", "photo", "split"];
export const SURFACES = ["photo", "bokeh", "heat"];

const LIMITS = {
  radius: [0, 0.06],
  threshold: [0, 1],
  softness: [0.05, 1],
  highlights: [0, 8],
  opacity: [0, 1],
  speed: [0.25, 30],
  wipe: [0, 1],
};

/** A copy of `view` with `changes`, numbers within their limits. */
export function changed(view, changes) {
  const next = { ...view, ...changes };
  for (const [name, [low, high]] of Object.entries(LIMITS)) {
    next[name] = Math.min(Math.max(next[name], low), high);
  }
  return next;
}

/** The index of the layer that a view names; the last one if there is no such layer. */
export function layerIndex(view, layers) {
  const index = layers.findIndex((layer) => layer.name === view.layer);
  return index < 0 ? layers.length - 1 : index;
}

/** `position` moved by `by` layers, whole, within the ends. */
export function stepped(position, by, count) {
  const from = by > 0 ? Math.floor(position + 1e-6) : Math.ceil(position - 1e-6);
  return Math.min(Math.max(from + by, 0), count - 1);
}

/** The next position while playing: from the last layer back to the first. */
export function played(position, by, count) {
  const next = position + by;
  return next > count - 1 + 1e-6 ? 0 : next;
}

/** Which surfaces stand left and right, and where the divider between them is (as a share). */
export function surfaces(view) {
  if (view.mode === "side" || view.mode === "split") {
    return { left: view.left, right: view.right, wipe: view.wipe };
  }
  return { left: view.mode, right: view.mode, wipe: 1 };
}
