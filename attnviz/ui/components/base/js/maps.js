// A map on a network's grid, brought to the picture: the same cubic as the server's.

/** Keys' cubic (a = -0.5) at a distance from a sample, in samples. */
export function cubic(distance) {
  const d = Math.abs(distance);
  if (d <= 1) return (1.5 * d - 2.5) * d * d + 1;
  if (d < 2) return ((-0.5 * d + 2.5) * d - 4) * d + 2;
  return 0;
}

/** For each of `count` positions: four source indices (edges repeated) and their weights. */
function taps(count, length, start, stop) {
  const index = new Int32Array(4 * count);
  const weight = new Float32Array(4 * count);
  const step = (stop - start) / length;
  for (let i = 0; i < count; i++) {
    const source = ((i + 0.5) / count - start) / step - 0.5;
    const base = Math.floor(source);
    for (let tap = -1; tap < 3; tap++) {
      const at = 4 * i + tap + 1;
      index[at] = Math.min(Math.max(base + tap, 0), length - 1);
      weight[at] = cubic(source - base - tap);
    }
  }
  return { index, weight };
}

/**
 * A grid (Float32Array, rows x columns) over the whole picture, as outRows x outColumns samples.
 * `box` is what the network saw: [top, left, bottom, right] as shares of the picture. Overshoot of
 * the cubic is clipped to the grid's own range. What lies outside the box repeats its border; whoever
 * draws it leaves it out.
 */
export function spread(grid, rows, columns, box, outRows, outColumns) {
  const [top, left, bottom, right] = box;
  const down = taps(outRows, rows, top, bottom);
  const across = taps(outColumns, columns, left, right);
  let low = Infinity;
  let high = -Infinity;
  for (const value of grid) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const wide = new Float32Array(rows * outColumns);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < outColumns; x++) {
      let sum = 0;
      for (let k = 4 * x; k < 4 * x + 4; k++) {
        sum += across.weight[k] * grid[y * columns + across.index[k]];
      }
      wide[y * outColumns + x] = sum;
    }
  }
  const result = new Float32Array(outRows * outColumns);
  for (let y = 0; y < outRows; y++) {
    for (let x = 0; x < outColumns; x++) {
      let sum = 0;
      for (let k = 4 * y; k < 4 * y + 4; k++) {
        sum += down.weight[k] * wide[down.index[k] * outColumns + x];
      }
      result[y * outColumns + x] = Math.min(Math.max(sum, low), high);
    }
  }
  return result;
}

/** The size at which maps are kept for a picture: `longest` on its longer side. */
export function mapSize(width, height, longest = 256) {
  const scale = longest / Math.max(width, height);
  const side = (length) => Math.max(2, Math.round(length * scale));
  return { columns: side(width), rows: side(height) };
}

/** A plane (rows x columns) at (x, y) in 0..1 of the picture, bilinear, edges repeated. */
export function sample(plane, rows, columns, x, y) {
  const fx = Math.min(Math.max(x * columns - 0.5, 0), columns - 1);
  const fy = Math.min(Math.max(y * rows - 0.5, 0), rows - 1);
  const x0 = Math.floor(fx);
  const y0 = Math.floor(fy);
  const x1 = Math.min(x0 + 1, columns - 1);
  const y1 = Math.min(y0 + 1, rows - 1);
  const upper = plane[y0 * columns + x0] * (1 - fx + x0) + plane[y0 * columns + x1] * (fx - x0);
  const lower = plane[y1 * columns + x0] * (1 - fx + x0) + plane[y1 * columns + x1] * (fx - x0);
  return upper * (1 - fy + y0) + lower * (fy - y0);
}
