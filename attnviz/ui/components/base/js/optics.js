// From a map to a circle of confusion: the formulas of the server's renderer, and of the shaders.

/** Value that a flat map shows everywhere on its own scale: neither sharp nor fully blurred. */
export const FLAT_FOCUS = 0.5;

/**
 * The two absolute values that become 0 and 1 on a scale, for one layer. A layer may name the ends
 * that it shares with more than the layers that are here.
 */
export function scaleRange(layer, layers, scale) {
  if (scale === "absolute" && !layer.fused) return [0, 1];
  if (scale === "all-layers" && !layer.fused) {
    if (layer.span) return layer.span;
    const shared = layers.filter((one) => !one.fused);
    return [Math.min(...shared.map((one) => one.low)), Math.max(...shared.map((one) => one.high))];
  }
  return [layer.low, layer.high];
}

/**
 * [factor, offset] that turn a layer's shares of its own range into values on a scale. A flat map
 * has one value everywhere: on its own scale `even`, which for a focus is the threshold, so that it
 * is half sharp wherever that lies.
 */
export function stretch(layer, layers, scale, even = FLAT_FOCUS) {
  const [low, high] = scaleRange(layer, layers, scale);
  const own = scale === "layer" || layer.fused;
  if (layer.flat || high <= low) {
    if (own || high <= low) return [0, even];
    return [0, Math.min(Math.max((layer.mean - low) / (high - low), 0), 1)];
  }
  return [(layer.high - layer.low) / (high - low), (layer.low - low) / (high - low)];
}

/** How sharp a scaled value is, 0..1: a smooth step of width `softness` around `threshold`. */
export function focusOf(scaled, threshold, softness) {
  const t = Math.min(Math.max((scaled - (threshold - softness / 2)) / softness, 0), 1);
  return t * t * (3 - 2 * t);
}

/** Radius of the circle of confusion, in the unit of `radius`. */
export function circleOfConfusion(focus, radius) {
  return radius * (1 - focus);
}

/** How much a source counts in the blur of a pixel, by the radii of both: sharp ones hardly. */
export function spreadWeight(source, own) {
  return Math.min(Math.max((2 * source) / own - 0.5, 5e-4), 1);
}

/** Largest radius a photo of this size is blurred by, in its pixels. */
export function largestRadius(width, height) {
  return 0.06 * Math.hypot(width, height);
}

/**
 * The discs that are made once for each photo: radii 2, 4, 8 ... px up to `largest`, each with the
 * factor by which its resolution is reduced (a disc has nothing finer than its own edge to show).
 */
export function ladder(largest) {
  const levels = [];
  for (let radius = 2; ; radius *= 2) {
    levels.push({ radius, factor: radius <= 4 ? 2 : radius <= 16 ? 4 : 8 });
    if (radius >= largest) return levels;
  }
}

/** Where a radius lies on the ladder: -1 is sharp, k is level k, between them a mixture. */
export function ladderPosition(radius, count) {
  const position = radius < 2 ? radius / 2 - 1 : Math.log2(radius / 2);
  return Math.min(position, count - 1);
}

/** Places of the ladder's levels in one texture, in px: {width, height, places: [x, y, w, h]}. */
export function atlas(levels, width, height) {
  const places = [];
  let top = 0;
  let left = 0;
  let row = 0;
  const across = Math.ceil(width / 2);
  for (const { factor } of levels) {
    const w = Math.ceil(width / factor);
    const h = Math.ceil(height / factor);
    if (left + w > across) {
      top += row;
      left = 0;
      row = 0;
    }
    places.push([left, top, w, h]);
    left += w;
    row = Math.max(row, h);
  }
  return { width: across, height: top + row, places };
}
