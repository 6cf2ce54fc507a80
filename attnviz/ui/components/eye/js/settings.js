// What the controls say: the person's distance and screen, and the eye. Kept in this browser alone.

const PLACE = "attnviz eye";
const LIMITS = {
  distance: [10, 1000],
  pxPerCm: [10, 300],
  coarser: [1, 20],
  leastContrast: [0.001, 0.5],
  decay: [0.01, 1],
  halfAngle: [0.2, 20],
};
const NAMES = {
  distance: "viewing distance in cm",
  pxPerCm: "number of pixels in a centimetre",
  coarser: "exaggeration",
  leastContrast: "least visible contrast",
  decay: "decay with frequency",
  halfAngle: "angle of half resolution",
};

export const FIRST = Object.freeze({
  distance: 60,
  pxPerCm: 37.8,
  coarser: 4,
  leastContrast: 1 / 64,
  decay: 0.106,
  halfAngle: 2.3,
  rings: true,
});

/** Settings with a change, or a sentence that says why not: {settings, refused}. */
export function changed(settings, changes) {
  const next = { ...settings };
  for (const [name, value] of Object.entries(changes)) {
    if (!(name in LIMITS)) {
      next[name] = value;
      continue;
    }
    const [low, high] = LIMITS[name];
    const number = value === "" ? NaN : Number(value);
    if (!(number >= low && number <= high)) {
      const text = value === "" ? "nothing" : value;
      const refused = `The ${NAMES[name]} cannot be ${text}: it must lie between ${low} and ${high}. ` +
        `${Number(settings[name].toPrecision(3))} is kept.`;
      return { settings, refused };
    }
    next[name] = number;
  }
  return { settings: next, refused: "" };
}

// A guess until the person has measured: a phone's pixels are finer, and it is held nearer.
const PHONE = { widest: 600, distance: 35, pxPerCm: 60 };

/** The settings stored in this browser, whatever it holds; `storage` as localStorage. */
export function loadSettings(storage, screenWidth = Infinity) {
  let stored = {};
  try {
    stored = JSON.parse(storage.getItem(PLACE)) ?? {};
  } catch {
    // No storage here, or something else's text in it.
  }
  let settings = { ...FIRST };
  if (screenWidth < PHONE.widest) Object.assign(settings, { distance: PHONE.distance, pxPerCm: PHONE.pxPerCm });
  for (const name of Object.keys(LIMITS)) {
    if (typeof stored[name] === "number") ({ settings } = changed(settings, { [name]: stored[name] }));
  }
  if (typeof stored.rings === "boolean") settings.rings = stored.rings;
  return settings;
}

/** Store the settings, where the browser lets us. */
export function storeSettings(storage, settings) {
  try {
    storage.setItem(PLACE, JSON.stringify(settings));
  } catch {
    // Then they last as long as the page.
  }
}
