// Numbers and sentences, for the legend and for those who cannot see the picture.

/** A value with three significant digits, as the legend writes it. */
export function number(value) {
  if (value === 0) return "0";
  const magnitude = Math.abs(value);
  if (magnitude >= 1e4 || magnitude < 1e-4) return value.toExponential(1);
  return value.toFixed(Math.max(0, 2 - Math.floor(Math.log10(magnitude))));
}

/** Both ends of a scale, with as many decimals as the larger one needs for three digits. */
export function ends(low, high) {
  if (!(high > 0) || high >= 1e4 || high < 1e-4) return [number(low), number(high)];
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(high)));
  return [low.toFixed(decimals), high.toFixed(decimals)];
}

const towards = (share, before, after) => {
  const off = Math.abs(share - 0.5);
  if (off < 0.05) return "";
  return `${off < 0.15 ? "slightly " : ""}${share < 0.5 ? before : after}`;
};

/** Where the middle of the focus lies, in words. */
export function place(x, y) {
  const parts = [towards(y, "above", "below"), towards(x, "left of", "right of")].filter(Boolean);
  return parts.length ? `${parts.join(" and ")} the middle` : "in the middle";
}

/**
 * What the picture shows: `layer` is its name, `noun` what it is, `index` counts from 0, `share` is the sharp part of
 * the picture, (x, y) the middle of the focus, null where nothing is sharp.
 */
export function description({ title, layer, noun, index, count, flat, share, x, y }) {
  const which = (noun || "layer").toLowerCase();
  const where = `${title}, ${layer}, ${which} ${index + 1} of ${count}`;
  if (flat) return `${where}: the map is flat, nothing stands out.`;
  if (x === null) return `${where}: nothing is in focus.`;
  return `${where}: focus covers ${Math.round(100 * share)} % of the picture, centred ${place(x, y)}.`;
}

/** The map's value at a point, for those who point with the keyboard. */
export function pointDescription(point, value) {
  const where = `${Math.round(100 * point.x)} % from the left, ${Math.round(100 * point.y)} % from the top`;
  return value === null ? `${where}: not seen by the network` : `${where}: ${number(value)}`;
}

/** Share of a focus plane above 0.5, and the focus's centre of mass (null if there is none). */
export function focusFacts(focus, rows, columns) {
  let sharp = 0;
  let mass = 0;
  let sumX = 0;
  let sumY = 0;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const value = focus[y * columns + x];
      if (value > 0.5) sharp += 1;
      mass += value;
      sumX += value * (x + 0.5);
      sumY += value * (y + 0.5);
    }
  }
  if (mass < 1e-6) return { share: 0, x: null, y: null };
  return { share: sharp / (rows * columns), x: sumX / mass / columns, y: sumY / mass / rows };
}

/** What the ends of the colour scale mean; `noun` is what each map belongs to. */
export function scaleNote(scale, layer, noun = "Layer") {
  if (layer.fused) return layer.note || "Mean of all layers; 1 is an even map";
  if (layer.flat) return "Flat: nothing stands out";
  return {
    layer: `Colours span this ${noun.toLowerCase()}`,
    "all-layers": `Colours span all ${noun.toLowerCase()}s`,
    absolute: "Absolute, 0 to 1",
  }[scale];
}
