// Zoom and pan: what part of the picture a pane shows. Positions are shares of the picture, 0..1.

/** @typedef {{ scale: number, x: number, y: number }} Zoom centre in shares of the picture, scale from 1 */

/** @type {Readonly<Zoom>} */
export const WHOLE = Object.freeze({ scale: 1, x: 0.5, y: 0.5 });
const LARGEST = 16;

/** The zoom with its centre moved so that nothing beyond the picture is shown. */
export function clamped(zoom) {
  const scale = Math.min(Math.max(zoom.scale, 1), LARGEST);
  const half = 0.5 / scale;
  const inside = (value) => Math.min(Math.max(value, half), 1 - half);
  return { scale, x: inside(zoom.x), y: inside(zoom.y) };
}

/** The picture's point under (u, v), shares of the pane. */
export function toPicture(zoom, u, v) {
  return { x: zoom.x + (u - 0.5) / zoom.scale, y: zoom.y + (v - 0.5) / zoom.scale };
}

/** Where in the pane, as shares, a point of the picture is. */
export function toPane(zoom, x, y) {
  return { u: (x - zoom.x) * zoom.scale + 0.5, v: (y - zoom.y) * zoom.scale + 0.5 };
}

/** Zoomed by `factor` while the point under (u, v) stays where it is. */
export function zoomedAt(zoom, factor, u, v) {
  const point = toPicture(zoom, u, v);
  const scale = Math.min(Math.max(zoom.scale * factor, 1), LARGEST);
  return clamped({ scale, x: point.x - (u - 0.5) / scale, y: point.y - (v - 0.5) / scale });
}

/** Moved by (du, dv), shares of the pane. */
export function panned(zoom, du, dv) {
  return clamped({ ...zoom, x: zoom.x - du / zoom.scale, y: zoom.y - dv / zoom.scale });
}

const GAP = 8;
const NARROW = 560;
// A ribbon of a picture is stretched to this, or nobody could see it or point at it.
const THINNEST = 24;

/**
 * The stage's panes in CSS px for a picture of this aspect (width / height). Side by side, or one
 * above the other where the stage is narrow and they get larger so; never higher than `tallest` all
 * together.
 */
export function layout(width, aspect, two, tallest) {
  const half = (width - GAP) / 2;
  const upright = Math.min(width, (aspect * (tallest - GAP)) / 2);
  const stacked = two && width < NARROW && (upright > half || half < THINNEST);
  const beside = two && !stacked;
  const available = Math.max(1, beside ? half : width);
  const most = stacked ? (tallest - GAP) / 2 : tallest;
  const paneHeight = Math.max(Math.min(available / aspect, most), THINNEST);
  const paneWidth = Math.min(Math.max(paneHeight * aspect, THINNEST), available);
  const total = beside ? 2 * paneWidth + GAP : paneWidth;
  const left = (width - total) / 2;
  const pane = (x, y) => ({ x, y, width: paneWidth, height: paneHeight });
  const panes = [pane(left, 0)];
  if (beside) panes.push(pane(left + paneWidth + GAP, 0));
  if (stacked) panes.push(pane(left, paneHeight + GAP));
  return { panes, height: stacked ? 2 * paneHeight + GAP : paneHeight };
}
