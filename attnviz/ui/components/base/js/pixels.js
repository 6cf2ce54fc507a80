// Pixels of colours and of values in the colours of a table; RGBA.

/** Values as pixels of a colour table, `low` at its beginning and `high` at its end. */
export function valuePixels(values, low, high, table) {
  const made = new Uint8ClampedArray(4 * values.length);
  const span = high > low ? high - low : 1;
  values.forEach((value, at) => {
    const from = 3 * Math.round(255 * Math.min(Math.max((value - low) / span, 0), 1));
    made.set([table[from], table[from + 1], table[from + 2], 255], 4 * at);
  });
  return made;
}

/** Colours, three bytes each, such as those of a table, which become a bar. */
export function colourPixels(colours) {
  const made = new Uint8ClampedArray((colours.length / 3) * 4).fill(255);
  for (let at = 0; at < colours.length / 3; at++) made.set(colours.subarray(3 * at, 3 * at + 3), 4 * at);
  return made;
}
