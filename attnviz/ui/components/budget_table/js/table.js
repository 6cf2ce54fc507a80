// Where things lie in the table: columns are shares, rows are radii with the strongest on top.
// A cell is [radius, share], both as indices from the least.

import { cellTo, inside } from "../../base/js/cells.js";
import { valuePixels } from "../../base/js/pixels.js";

/** The cell at (x, y), both in 0..1 of the table from its left and top. */
export function cellAt(x, y, radii, shares) {
  const share = Math.floor(x * shares);
  return [inside(radii - 1 - Math.floor(y * radii), radii), inside(share, shares)];
}

/** The cell that a key leads to, or null where it leads nowhere. */
export function moved(key, [radius, share], radii, shares) {
  const to = cellTo(key, [radii - 1 - radius, share], radii, shares);
  return to && [radii - 1 - to[0], to[1]];
}

/** The sides at which a table of 0 and 1 changes: [x, y, x, y], in cells from the left and top. */
export function borders(recognised) {
  const radii = recognised.length;
  const lines = [];
  recognised.forEach((row, radius) => {
    const top = radii - 1 - radius;
    row.forEach((value, share) => {
      if (share && value !== row[share - 1]) lines.push([share, top, share, top + 1]);
      if (radius && value !== recognised[radius - 1][share])
        {lines.push([share, top + 1, share + 1, top + 1]);}
    });
  });
  return lines;
}

/** Which of `count` columns are labelled in `width` px, if a label takes `least` px. */
export function labelled(count, width, least) {
  const step = Math.max(1, Math.ceil((least * count) / Math.max(width, 1)));
  const last = count - 1;
  const shown = Array.from({ length: count }, (_, index) => index).filter((i) => i % step === 0);
  // The last one is always there, and drives out a label that it would touch.
  return [...shown.filter((index) => index !== last && last - index >= step), last];
}

/** The table's colours as the pixels of a picture, RGBA, a pixel for each cell. */
export function cellPixels(probability, colours) {
  return valuePixels([...probability].reverse().flat(), 0, 1, colours);
}
